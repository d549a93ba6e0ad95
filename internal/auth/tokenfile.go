package auth

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadTokenFile reads a token from a file that must be the user's own and closed to
// others, as the files of a [FileStore] are. A symbolic link to such a file will do. White space
// around the token is dropped.
func ReadTokenFile(path string) (Secret, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return Secret{}, &Error{Kind: Keyring, Msg: path + " is not an ordinary file", Hint: "PHOTOS_TOKEN takes what a command prints: PHOTOS_TOKEN=$(COMMAND)"}
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return Secret{}, tokenFileError(path, err)
	}
	f, err := openNoFollow(resolved)
	if err != nil {
		return Secret{}, tokenFileError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, tokenFileError(path, err)
	}
	if e, ok := errors.AsType[*Error](checkPrivate(path, info)); ok {
		return Secret{}, &Error{Kind: Keyring, Msg: e.Msg, Hint: "it must be yours and closed to others: chmod 600 " + path}
	}
	value, err := io.ReadAll(io.LimitReader(f, maxEntry))
	if err != nil {
		return Secret{}, tokenFileError(path, err)
	}
	return NewSecret(strings.TrimSpace(string(value))), nil
}

// tokenFileError says the path as the user gave it, and the cause alone.
func tokenFileError(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &Error{Kind: Keyring, Msg: path, Err: err}
}
