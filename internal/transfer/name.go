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

// choosePath finds the photo's name in the folder: its own, or with the beginning of
// its ID when another photo has that one. there says that the very bytes lie
// under it already. That is looked at first, so that of photos of one name each
// is found again, whichever comes first this time.
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
		return filepath.Join(d.dir, d.Name), false, &photo.Error{Kind: photo.KindUnreadable, Msg: "there is another file of this name, which stays", Hint: "choose another name with -o"}
	}
	return name, false, &photo.Error{Kind: photo.KindUnreadable, Msg: "every name for it is taken"}
}

// reserve reserves a name for a photo among those of this run; on some systems
// names that differ in case only are one.
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

// moveNew gives the finished file its name unless another took it meanwhile
// (fs.ErrExist). Where the file system knows no hard links, a look must do.
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
