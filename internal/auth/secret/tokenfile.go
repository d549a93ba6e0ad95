package secret

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"photos/internal/auth"
	"photos/internal/text"
)

// ReadTokenFile reads a token from a file that must be private, like the files of a
// [FileStore]. Path may be a symbolic link to such a file. White space around the token
// is removed. Errors are of kind Keyring.
func ReadTokenFile(path string) (auth.Secret, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return auth.Secret{}, &auth.Error{Kind: auth.Keyring, Msg: path + " is not an ordinary file", Hint: "to use the output of a command: PHOTOS_TOKEN=$(COMMAND)"}
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return auth.Secret{}, tokenFileError(path, err)
	}
	f, err := openNoFollow(resolved)
	if err != nil {
		return auth.Secret{}, tokenFileError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return auth.Secret{}, tokenFileError(path, err)
	}
	if e, ok := errors.AsType[*auth.Error](checkPrivate(path, info)); ok {
		return auth.Secret{}, &auth.Error{Kind: auth.Keyring, Msg: e.Msg, Hint: "it must be yours and closed to others: chmod 600 " + path}
	}
	value, err := io.ReadAll(text.UTF8(io.LimitReader(f, maxEntry)))
	if err != nil {
		return auth.Secret{}, tokenFileError(path, err)
	}
	return auth.NewSecret(strings.TrimSpace(string(value))), nil
}

// tokenFileError returns an error with the path as the user gave it and the bare cause.
func tokenFileError(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return &auth.Error{Kind: auth.Keyring, Msg: path, Err: err}
}
