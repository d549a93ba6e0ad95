package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"photos/internal/photo"
)

// errThroughLink is the error of a file that is a symbolic link, or is reached through one.
var errThroughLink = errors.New("it is a symbolic link, or is reached through one")

// place is a file in a folder that is held open. Whoever puts another folder or a link at its path
// meanwhile does not change which file is meant.
type place struct {
	dir  *os.Root
	name string
	info fs.FileInfo // of the file; a regular one
}

// openPlace opens the folder of a regular file. Every folder below root must be a real one, and root
// too. Without a root only the file itself must not be a link.
func openPlace(root, path string) (place, error) {
	path = filepath.Clean(path)
	if root == "" {
		root = filepath.Dir(path)
	} else if info, err := os.Lstat(filepath.Clean(root)); err != nil || !info.IsDir() {
		return place{}, errors.Join(errThroughLink, err)
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return place{}, err
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return place{}, err
	}
	folders := strings.Split(filepath.ToSlash(rel), "/")
	for _, folder := range folders[:len(folders)-1] {
		below, err := enterFolder(dir, folder)
		_ = dir.Close()
		if err != nil {
			return place{}, err
		}
		dir = below
	}
	p := place{dir: dir, name: folders[len(folders)-1]}
	if p.info, err = dir.Lstat(p.name); err == nil && !p.info.Mode().IsRegular() {
		err = errThroughLink
	}
	if err != nil {
		p.close()
		return place{}, err
	}
	return p, nil
}

// enterFolder opens a folder that is not a link.
func enterFolder(dir *os.Root, name string) (*os.Root, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errThroughLink
	}
	below, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if now, err := below.Stat("."); err != nil || !os.SameFile(info, now) {
		_ = below.Close()
		return nil, errors.Join(changed(), err)
	}
	return below, nil
}

func (p place) close() { _ = p.dir.Close() }

// open opens the file. It fails if another one has taken its place.
func (p place) open() (*os.File, error) {
	f, err := p.dir.OpenFile(p.name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may have become a pipe
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !unchanged(p.info, info) {
		return nil, errors.Join(changed(), err, f.Close())
	}
	return f, nil
}

// digest reads the whole file.
func (p place) digest(ctx context.Context) (photo.ID, error) {
	f, err := p.open()
	if err != nil {
		return photo.ID{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := hashRest(ctx, h, f); err != nil {
		return photo.ID{}, err
	}
	return sum(h), nil
}

// remove removes the file if it is unchanged since the place was opened.
func (p place) remove() error {
	now, err := p.dir.Lstat(p.name)
	if err != nil {
		return err
	}
	if !unchanged(p.info, now) {
		return changed()
	}
	return p.dir.Remove(p.name)
}

// unchanged reports whether two descriptions are of the same regular file with the same size and
// time.
func unchanged(before, after fs.FileInfo) bool {
	return os.SameFile(before, after) && after.Mode().IsRegular() && after.Size() == before.Size() && after.ModTime().Equal(before.ModTime())
}
