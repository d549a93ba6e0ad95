package transfer

import (
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"photos/internal/photo"
)

// choosePath returns the photo's path in the folder: its own name, or one with the first
// digits of its ID if another photo has that name. there says that the file has the bytes
// of the photo already. This is checked for all names first, so that several photos of one
// name are found again, in whatever order they come.
func (d *download) choosePath(p photo.Photo) (path string, there bool, err error) {
	name := p.FileName()
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	candidates := []string{name, stem + "-" + p.ID.String()[:8] + ext, stem + "-" + p.ID.String() + ext}
	if d.Name != "" {
		candidates = []string{d.Name}
	}
	for _, n := range candidates {
		path := filepath.Join(d.dir, n)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() != p.Size {
			continue
		}
		if id, err := FileID(d.ctx, path); err != nil || id == p.ID {
			return path, err == nil, err
		}
	}
	for _, n := range candidates {
		path := filepath.Join(d.dir, n)
		switch _, err := os.Lstat(path); {
		case err == nil:
		case !errors.Is(err, fs.ErrNotExist):
			return path, false, unreadable(path, err)
		case d.reserve(n, p.ID):
			return path, false, nil
		}
	}
	if d.Name != "" {
		return filepath.Join(d.dir, d.Name), false, &photo.Error{Kind: photo.KindUnreadable, Msg: "another file has this name, and it stays", Hint: "choose another name with -o"}
	}
	return name, false, &photo.Error{Kind: photo.KindUnreadable, Msg: "all possible names are in use"}
}

// reserve takes a name for a photo, if no other photo of this run has it. On some systems
// names that differ only in case are the same.
func (d *download) reserve(name string, id photo.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := folded(name)
	owner, taken := d.taken[key]
	if !taken {
		d.taken[key] = id
	}
	return !taken || owner == id
}

func sum(h hash.Hash) (id photo.ID) {
	h.Sum(id[:0])
	return id
}

// moveNew renames a finished file. It returns fs.ErrExist if path exists. On a file system
// without hard links it checks that before, and not in one step with the renaming.
func moveNew(part, path string) error {
	err := os.Link(part, path)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(part, path)
}
