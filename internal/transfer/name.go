package transfer

import (
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"photos/internal/photo"
)

// place finds the photo's name in the folder: its own, or with the beginning of
// its ID when another photo has that one. there says that the very bytes lie
// under it already. That is looked at first, so that of photos of one name each
// is found again, whichever comes first this time.
func (d *download) place(p photo.Photo) (path string, there bool, err error) {
	name := fileName(p)
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	candidates := []string{name, stem + "-" + p.ID.String()[:8] + ext, stem + "-" + p.ID.String() + ext}
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
		case d.claim(n, p.ID):
			return path, false, nil
		}
	}
	return name, false, &photo.Error{Kind: photo.KindUnreadable, Msg: "every name for it is taken"}
}

// claim reserves a name for a photo among those of this run; on some systems
// names that differ in case only are one.
func (d *download) claim(name string, id photo.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := strings.ToLower(name)
	owner, taken := d.taken[key]
	if !taken {
		d.taken[key] = id
	}
	return !taken || owner == id
}

// fileName is a name for the photo that is safe on every system: no folder, no
// control characters, nothing that Windows reserves, never empty or hidden.
func fileName(p photo.Photo) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(p.Name, "_"))
	name = strings.TrimRight(name, ". ")
	for strings.HasPrefix(name, ".") {
		name = "_" + name[1:]
	}
	if len(name) > 200 { // file systems take 255 bytes; some are for the suffix
		ext := filepath.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:200-len(ext)], "") + ext
	}
	if name == "" {
		return p.ID.Short()
	}
	if device(name) {
		return "_" + name
	}
	return name
}

// device reports whether Windows takes the name for that of a device, whatever its
// extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
func device(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	if n := len(base); n == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '0' && base[3] <= '9' {
		return true
	}
	return base == "CON" || base == "PRN" || base == "AUX" || base == "NUL"
}

func sum(h hash.Hash) (id photo.ID) {
	h.Sum(id[:0])
	return id
}

// rename gives the finished file its name unless another took it meanwhile
// (fs.ErrExist). Where the file system knows no hard links, a look must do.
func rename(part, path string) error {
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
