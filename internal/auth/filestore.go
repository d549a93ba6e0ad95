package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FileStore keeps each secret in a file of its own, in a folder that only its owner may
// enter. The tokens in it are not encrypted. A folder or file that is a symbolic link,
// another user's, or open to others is refused: somebody may have read it, or may have
// put it there.
type FileStore struct{ dir string }

const maxEntry = 64 << 10 // bytes of an entry that are read

// NewFileStore returns a store in dir, which the first Set makes.
func NewFileStore(dir string) *FileStore { return &FileStore{dir: dir} }

// Name implements Store.
func (s *FileStore) Name() string { return "file" }

// Get implements Store.
func (s *FileStore) Get(_ context.Context, key string) (Secret, error) {
	if err := s.checkDir(); err != nil {
		return Secret{}, err
	}
	value, err := readPrivate(s.path(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Secret{}, ErrNoEntry
	case KindOf(err) == Keyring:
		return Secret{}, err
	case err != nil:
		return Secret{}, fileError("reading", err)
	}
	return NewSecret(string(value)), nil
}

// ReadPrivate returns the content of a file in a folder that, like the file, must be the
// user's own, closed to others and no symbolic link: else somebody may have put it there.
// Its error is an fs.ErrNotExist when there is none.
func ReadPrivate(path string) ([]byte, error) {
	if err := (&FileStore{dir: filepath.Dir(path)}).checkDir(); err != nil && !errors.Is(err, ErrNoEntry) {
		return nil, err
	}
	return readPrivate(path)
}

// readPrivate reads a file that is the user's own. Errors of kind Keyring say what is
// wrong with it; others are those of the system.
func readPrivate(path string) ([]byte, error) {
	f, err := openNoFollow(path)
	if info, lerr := os.Lstat(path); err != nil && lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, &Error{Kind: Keyring, Msg: path + " is a symbolic link", Hint: "remove it and sign in again"}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(path, info); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, maxEntry))
}

// Set implements Store: a new file, written whole, synced, and renamed over the old
// one.
func (s *FileStore) Set(_ context.Context, key string, value Secret) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fileError("making a folder for", err)
	}
	if err := s.checkDir(); err != nil {
		return err
	}
	if err := ReplaceFile(s.path(key), []byte(value.Reveal())); err != nil {
		return fileError("writing", err)
	}
	return nil
}

// Delete implements Store.
func (s *FileStore) Delete(_ context.Context, key string) error {
	if err := s.checkDir(); err != nil {
		if errors.Is(err, ErrNoEntry) {
			return nil
		}
		return err
	}
	if err := os.Remove(s.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("deleting", err)
	}
	if err := syncDir(s.dir); err != nil {
		return fileError("deleting", err)
	}
	return nil
}

func (s *FileStore) path(key string) string { return filepath.Join(s.dir, key) }

// checkDir refuses a folder that is not ours alone; ErrNoEntry when there is none.
func (s *FileStore) checkDir() error {
	info, err := os.Lstat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoEntry
	}
	if err != nil {
		return fileError("finding", err)
	}
	if !info.IsDir() {
		return &Error{Kind: Keyring, Msg: s.dir + " is not a folder",
			Hint: "remove it and sign in again"}
	}
	return checkPrivate(s.dir, info)
}

func fileError(doing string, err error) error {
	return &Error{Kind: Keyring, Msg: doing + " the credential file", Err: err,
		Hint: "check the folder's permissions and the free space"}
}

// ReplaceFile writes a file whole or not at all, for the owner only: a new name nobody
// else can have made, synced, renamed, and the folder synced so that the new content
// survives a crash of the machine.
func ReplaceFile(path string, data []byte) error {
	temp := path + "." + rand.Text() + ".tmp"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncDir(filepath.Dir(path))
}
