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

// choosePath returns the photo's path: its own name in its folder, or one with the first
// digits of its ID if another photo has that name. there says that the file has the wanted
// bytes already. This is checked for all names first, so that several photos of one
// name are found again, in whatever order they come.
func (d *download) choosePath(p photo.Photo, c content) (path string, there bool, err error) {
	candidates := d.candidates(p)
	if err := checkFolder(d.dir, filepath.Dir(candidates[0])); err != nil {
		return filepath.Join(d.dir, candidates[0]), false, err
	}
	for _, n := range candidates {
		path := filepath.Join(d.dir, n)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() != c.size {
			continue
		}
		if id, err := FileID(d.ctx, path); err != nil || id == c.digest {
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
	return candidates[0], false, &photo.Error{Kind: photo.KindUnreadable, Msg: "all possible names are in use"}
}

// candidates returns the paths below the folder of the download that a photo may have, the best
// one first. They are in one folder.
func (d *download) candidates(p photo.Photo) []string {
	if d.Name != "" {
		return []string{d.Name}
	}
	folder, name := "", p.FileName()
	if d.Layout != nil {
		folder, name = d.Layout.place(p)
	}
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	names := []string{name, stem + "-" + p.ID.String()[:8] + ext, stem + "-" + p.ID.String() + ext}
	for i, n := range names {
		names[i] = filepath.Join(filepath.FromSlash(folder), n)
	}
	return names
}

// checkFolder refuses a folder below dir if a link or a file is in its place. A link could lead to
// a place that the user does not mean. A folder that does not exist is accepted.
func checkFolder(dir, folder string) error {
	if folder == "." {
		return nil
	}
	if err := checkFolder(dir, filepath.Dir(folder)); err != nil {
		return err
	}
	path := filepath.Join(dir, folder)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unreadable(path, err)
	case info.IsDir():
		return nil
	}
	return &photo.Error{Kind: photo.KindUnreadable, Msg: path + " is a link or a file, and a folder is needed there", Hint: "move it away, or choose another folder with -o"}
}

// reserve takes a path for a photo, if no other photo of this run has it. On some systems
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
