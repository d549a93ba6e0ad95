package transfer

import (
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
)

// place finds the photo's name in the folder: its own, or with the beginning of
// its ID when another photo has that one. there says that the very bytes lie
// under it already. That is looked at first, so that of photos of one name each
// is found again, whichever comes first this time.
func (d *download) choosePath(p photo.Photo) (path string, there bool, err error) {
	name := fileName(p)
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

// claim reserves a name for a photo among those of this run; on some systems
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

// fileName returns a name for the photo that is safe on every system: no folder, no
// control characters, nothing that Windows reserves, not empty, not hidden, and not an
// option of another command. An extension stays.
func fileName(p photo.Photo) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(p.Name, "_"))
	name = strings.TrimRight(name, ". ")
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || isDeviceName(name) {
		name = "_" + name
	}
	if len(name) > 200 { // file systems take 255 bytes; some are for the suffix
		ext := filepath.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.TrimRight(strings.ToValidUTF8(name[:200-len(ext)], ""), ". ") + ext
	}
	if name == "" {
		return p.ID.Short()
	}
	return name
}

// device reports whether Windows takes the name for that of a device, whatever its
// extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	for _, port := range []string{"COM", "LPT"} {
		if digit, ok := strings.CutPrefix(base, port); ok && digit != "" && strings.Trim(digit, "0123456789¹²³") == "" && utf8.RuneCountInString(digit) == 1 {
			return true
		}
	}
	return slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, base)
}

func sum(h hash.Hash) (id photo.ID) {
	h.Sum(id[:0])
	return id
}

// rename gives the finished file its name unless another took it meanwhile
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
