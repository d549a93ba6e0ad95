package sidecar

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Google splits a large export into archives. Each has a folder Takeout with the same
// folders below it, and a photo's JSON may be in another archive than the photo.

// takeoutRoots are the folders Takeout that paths lead to: at them, above them, below
// them, or below a folder in them.
func takeoutRoots(paths []string) []string {
	var roots []string
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		if root := rootAbove(abs); root != "" {
			roots = append(roots, root)
			continue
		}
		below, _ := filepath.Glob(filepath.Join(escapeGlob(abs), "*", "Takeout"))
		roots = append(roots, filepath.Join(abs, "Takeout"))
		roots = append(roots, below...)
	}
	roots = slices.DeleteFunc(roots, func(root string) bool {
		info, err := os.Stat(root)
		return err != nil || !info.IsDir()
	})
	slices.Sort(roots)
	return slices.Compact(roots)
}

// rootAbove is the folder Takeout that path is or is in, or "".
func rootAbove(path string) string {
	for at := path; at != filepath.Dir(at); at = filepath.Dir(at) {
		if filepath.Base(at) == "Takeout" {
			return at
		}
	}
	return ""
}

func escapeGlob(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}

// elsewhere is where the other parts of the export have the folder dir, each with a
// separator at its end.
func (f *Finder) elsewhere(dir string) []string {
	if len(f.takeouts) < 2 {
		return nil
	}
	abs, err := filepath.Abs(cmp.Or(dir, "."))
	root := rootAbove(abs)
	if err != nil || root == "" {
		return nil
	}
	var out []string
	for _, other := range f.takeouts {
		if other != root && sameExport(root, other) {
			out = append(out, other+strings.TrimPrefix(abs, root)+string(filepath.Separator))
		}
	}
	return out
}

// sameExport reports whether two parts may be of one export. Google names archives
// after the time of the export, and unpacking keeps the name.
func sameExport(a, b string) bool {
	stamp := func(root string) string {
		return regexp.MustCompile(`^takeout-\d{8}T\d{6}Z`).FindString(filepath.Base(filepath.Dir(root)))
	}
	return stamp(a) == "" || stamp(b) == "" || stamp(a) == stamp(b)
}

// use notes that a JSON says something about a photo.
func (f *Finder) use(path string) {
	if path == "" {
		return
	}
	if abs, err := filepath.Abs(path); err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.used[abs] = true
		delete(f.seen, abs)
	}
}

// Saw notes a file that a walk passed over. Orphans are among these.
func (f *Finder) Saw(path string) {
	if name := filepath.Base(path); !IsSidecar(name) || !strings.EqualFold(filepath.Ext(name), ".json") {
		return
	}
	if abs, err := filepath.Abs(path); err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.used[abs] {
			f.seen[abs] = path
		}
	}
}

// Orphans counts the JSON files of photos, among those that a walk passed over, whose
// photo is neither in their folder nor in another part of the export, and returns the
// first one. That the photo was left out of the run does not make an orphan. It must not
// be called while a run goes on.
func (f *Finder) Orphans() (n int, first string) {
	dirs := map[string]bool{}
	for path := range f.seen {
		dirs[filepath.Dir(path)+string(filepath.Separator)] = true
	}
	for dir := range dirs {
		for _, at := range append(f.elsewhere(dir), dir) {
			f.useFolder(at)
		}
	}
	for abs, path := range f.seen {
		if !isPhotoJSON(abs) {
			continue
		}
		if n++; first == "" || path < first {
			first = path
		}
	}
	return n, first
}

// useFolder looks for the JSON of every file in a folder.
func (f *Finder) useFolder(dir string) {
	b, _ := f.folder(dir) // what cannot be listed has no photos
	names := b.names
	if names == nil {
		names, _ = readNames(dir)
	}
	for _, name := range names {
		if !IsSidecar(name) {
			_, path, _ := b.takeout(name)
			f.use(path)
		}
	}
}

func isPhotoJSON(path string) bool {
	_, err := read(path, func(data []byte) (note, error) {
		about, err := readTakeout(data)
		if err == nil && (about.Title == "" || about.Taken == nil) {
			err = errNone
		}
		return note{}, err
	})
	return err == nil
}
