// Package disk stores blobs in a folder of this machine:
//
//	<dir>/uploads/<name>             staged uploads
//	<dir>/blobs/<owner>/<aa>/<key>   blobs; aa is the first two digits of key
//
// A commit syncs the file, links it to its new name, and syncs the folder of the new name. It
// first syncs the parents of a new folder. So a blob is complete from the moment it has its
// name, and the name is durable before the commit returns. The name under uploads stays until
// the upload is discarded. If the caller does not need it, the file is renamed instead.
//
// Concurrent commits share the sync of a folder (folder.go). Keys are chosen so that
// concurrent commits use the same folder.
//
// The package knows nothing about photos or rows. Folders are 0700, files 0600.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"photos/internal/blob"
	"photos/internal/photo"
)

// Folders below that of the store.
const (
	uploadsDir = "uploads"
	blobsDir   = "blobs"
)

// Store is a blob.Store and a blob.Staging in a folder.
type Store struct {
	root    *os.Root
	staging *os.Root // of uploads, because a root opens each folder of a path again
	uploads *folder
	blobs   *folder
	shards  shards

	mu   sync.Mutex
	open map[string]bool // names of staged uploads that have a handle in this process
}

var (
	_ blob.Store   = (*Store)(nil)
	_ blob.Staging = (*Store)(nil)
)

// Open opens the folder dir, whose parent must exist, and creates what is missing in it. It
// returns blob.ErrReadOnly if it cannot write there, but accepts a full disk. Close the store
// after all its handles.
func Open(dir string) (*Store, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open blob store: %w", blob.WriteError(err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blob store: %w", err)
	}
	s := &Store{root: root, open: map[string]bool{}}
	s.uploads, s.blobs = s.folder(uploadsDir), s.folder(blobsDir)
	if err := s.prepare(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open blob store: %w", blob.WriteError(err)), root.Close())
	}
	return s, nil
}

// prepare creates the folders that every commit needs, and makes them durable.
func (s *Store) prepare(dir string) error {
	for _, name := range []string{uploadsDir, blobsDir} {
		if err := s.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, name := range []string{".", uploadsDir, blobsDir} {
		if err := s.probe(name); err != nil {
			return err
		}
	}
	if err := syncFolder(s.root, "."); err != nil {
		return err
	}
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	if err := errors.Join(syncFolder(parent, "."), parent.Close()); err != nil {
		return err
	}
	s.staging, err = s.root.OpenRoot(uploadsDir)
	return err
}

// probe finds out whether a folder can be written to, which its mode alone does not say. It
// creates and removes a folder that walks ignore. Another process may do the same.
func (s *Store) probe(name string) error {
	path := name + "/.probe"
	err := s.root.Mkdir(path, 0o700)
	if err == nil || errors.Is(err, fs.ErrExist) {
		err = s.root.Remove(path)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(blob.WriteError(err), blob.ErrFull) {
		return nil
	}
	return err
}

// rename renames a file by its whole path. That is one system call, and ten with the root.
// The names are plain (isPlainName), so that they lead nowhere else.
func (s *Store) rename(from, to string) error {
	return os.Rename(filepath.Join(s.root.Name(), from), filepath.Join(s.root.Name(), to))
}

// Close closes the folders.
func (s *Store) Close() error { return errors.Join(s.staging.Close(), s.root.Close()) }

// Open implements blob.Store.
func (s *Store) Open(_ context.Context, owner, key string) (blob.Reader, error) {
	path, err := blobPath(owner, key)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", s.absent(err))
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open blob: %w", err), f.Close())
	}
	return reader{f, info.Size()}, nil
}

// reader embeds an *os.File, so that net/http can send it without copying.
type reader struct {
	*os.File
	size int64
}

func (r reader) Size() int64 { return r.size }

// Size implements blob.Store.
func (s *Store) Size(_ context.Context, owner, key string) (int64, error) {
	path, err := blobPath(owner, key)
	if err != nil {
		return 0, err
	}
	return s.size(path)
}

func (s *Store) size(path string) (int64, error) {
	info, err := s.root.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("size of blob: %w", s.absent(err))
	}
	return info.Size(), nil
}

// Delete implements blob.Store.
func (s *Store) Delete(_ context.Context, owner, key string) error {
	path, err := blobPath(owner, key)
	if err != nil {
		return err
	}
	if err := s.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// blobPath returns the path of a blob below the folder of the store.
func blobPath(owner, key string) (string, error) {
	if !isPlainName(owner) || !isPlainName(key) || len(key) < 3 {
		return "", fmt.Errorf("blob %.40q of owner %.40q: %w", key, owner, blob.ErrNotFound)
	}
	return blobsDir + "/" + owner + "/" + key[:2] + "/" + key, nil
}

// isPlainName reports whether a name has only letters, digits and dashes, so that it is one
// element of a path on every system.
func isPlainName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	return name != "" && len(name) <= 128 && strings.Trim(name, letters) == ""
}

// absent returns the error of a blob that does not exist. If the folder of all blobs does not exist,
// for example because its disk is not mounted, the blob may still exist there: the error is then of
// photo.KindUnavailable.
func (s *Store) absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := s.root.Stat(blobsDir); errors.Is(statErr, fs.ErrNotExist) {
			return &photo.Error{
				Kind: photo.KindUnavailable, Msg: "the service's folder of photos is missing",
				Hint: "its operator has to put the folder blobs back into the data folder", Err: err,
			}
		}
	}
	return notFound(err)
}

// notFound adds blob.ErrNotFound to an error that means it.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", blob.ErrNotFound, err)
	}
	return err
}
