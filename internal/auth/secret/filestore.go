package secret

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"photos/internal/auth"
	"photos/internal/safefile"
)

// FileStore keeps each secret in a file of its own, in a folder that only its owner may
// enter. The files are not encrypted. It refuses a folder or file that is a symbolic
// link, belongs to another user or is open to others, because somebody else may have
// read or made it.
type FileStore struct{ dir string }

const maxEntry = 64 << 10 // bytes that are read of an entry

// NewFileStore returns a store in dir. The first Set creates the folder.
func NewFileStore(dir string) *FileStore { return &FileStore{dir: dir} }

// Name implements Store.
func (s *FileStore) Name() string { return "file" }

// Get implements Store.
func (s *FileStore) Get(_ context.Context, key string) (auth.Secret, error) {
	if err := s.checkDir(); err != nil {
		return auth.Secret{}, err
	}
	value, err := readPrivate(s.path(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return auth.Secret{}, ErrNoEntry
	case auth.KindOf(err) == auth.Keyring:
		return auth.Secret{}, err
	case err != nil:
		return auth.Secret{}, fileError("reading", err)
	}
	return auth.NewSecret(string(value)), nil
}

// ReadPrivate returns the content of a file. File and folder must belong to the user, be
// closed to others and not be symbolic links. Otherwise the error is of kind Keyring,
// because somebody else may have made the file. The error is fs.ErrNotExist if there is
// no file.
func ReadPrivate(path string) ([]byte, error) {
	if err := (&FileStore{dir: filepath.Dir(path)}).checkDir(); err != nil && !errors.Is(err, ErrNoEntry) {
		return nil, err
	}
	return readPrivate(path)
}

// readPrivate reads a file that must be private. An error of kind Keyring says what is
// wrong with the file. Other errors are those of the system.
func readPrivate(path string) ([]byte, error) {
	f, err := openNoFollow(path)
	if info, lerr := os.Lstat(path); err != nil && lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, &auth.Error{Kind: auth.Keyring, Msg: path + " is a symbolic link", Hint: "remove it and sign in again"}
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

// Set implements Store. It replaces the file with [ReplaceFile].
func (s *FileStore) Set(_ context.Context, key string, value auth.Secret) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fileError("creating a folder for", err)
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
	err := safefile.WhileInUse(func() error { return os.Remove(s.path(key)) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("deleting", err)
	}
	if err := syncDir(s.dir); err != nil {
		return fileError("deleting", err)
	}
	return nil
}

func (s *FileStore) path(key string) string { return filepath.Join(s.dir, key) }

// checkDir refuses a folder that is not private. The error is ErrNoEntry if there is no
// folder.
func (s *FileStore) checkDir() error {
	info, err := os.Lstat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoEntry
	}
	if err != nil {
		return fileError("finding", err)
	}
	if !info.IsDir() {
		return &auth.Error{Kind: auth.Keyring, Msg: s.dir + " is not a folder",
			Hint: "remove it and sign in again"}
	}
	return checkPrivate(s.dir, info)
}

// fileError returns the error of an operation on a file that failed.
func fileError(doing string, err error) error {
	return &auth.Error{Kind: auth.Keyring, Msg: doing + " the credential file", Err: err,
		Hint: "check the folder's permissions and the free space"}
}

// ReplaceFile writes a file that only its owner can read, completely or not at all. It
// writes a new file under a random name, syncs it, renames it to path and syncs the
// folder, so that the new content survives a crash of the machine. Errors are those of the
// system.
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
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = safefile.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncDir(filepath.Dir(path))
}
