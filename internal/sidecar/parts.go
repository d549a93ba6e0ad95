package sidecar

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Google splits a large export into archives. Each has a folder Takeout with the same
// folders below it, and a photo's JSON may be in another archive than the photo.

// takeoutRoots returns the folders named Takeout that paths lead to: the paths themselves,
// folders above them, or folders one or two levels below them.
func takeoutRoots(files Files, paths []string) []string {
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
		for _, at := range folderAndThoseIn(files, abs) {
			roots = append(roots, filepath.Join(at, "Takeout"))
		}
	}
	roots = slices.DeleteFunc(roots, func(root string) bool { return !files.IsFolder(root) })
	slices.Sort(roots)
	return slices.Compact(roots)
}

// rootAbove returns the folder named Takeout that path is or is in, or "".
func rootAbove(path string) string {
	for at := path; at != filepath.Dir(at); at = filepath.Dir(at) {
		if filepath.Base(at) == "Takeout" {
			return at
		}
	}
	return ""
}

// folderAndThoseIn returns a folder and what may be a folder in it. It returns nothing for a file.
func folderAndThoseIn(files Files, dir string) []string {
	if !files.IsFolder(dir) {
		return nil
	}
	out := []string{dir}
	names, _ := files.Names(dir) // a folder that cannot be listed has nothing in it
	for _, name := range names {
		if withoutExtension(name) == name && !IsSidecar(name) { // thousands of photos need no look at each
			out = append(out, filepath.Join(dir, name))
		}
	}
	return out
}

// otherParts returns the paths of the folder dir in the other parts of the export, each with a
// separator at its end.
func (f *Finder) otherParts(dir string) []string {
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

// sameExport reports whether two parts may belong to one export. Google names archives after
// the time of the export, and unpacking keeps the name.
func sameExport(a, b string) bool {
	stamp := func(root string) string {
		return regexp.MustCompile(`^takeout-\d{8}T\d{6}Z`).FindString(filepath.Base(filepath.Dir(root)))
	}
	return stamp(a) == "" || stamp(b) == "" || stamp(a) == stamp(b)
}

// markUsed records that a JSON is about a photo here.
func (f *Finder) markUsed(path string) {
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

// MarkSkipped records a file that a walk skipped. Orphans are among these files.
func (f *Finder) MarkSkipped(path string) {
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

// Orphans counts the skipped JSON files whose photo is neither in their folder nor in another
// part of the export, and returns the first one. A JSON whose photo is there but not part
// of the run is not an orphan. Orphans must not be called during a run.
func (f *Finder) Orphans() (n int, first string) {
	dirs := map[string]bool{}
	for path := range f.seen {
		dirs[filepath.Dir(path)+string(filepath.Separator)] = true
	}
	for dir := range dirs {
		for _, at := range append(f.otherParts(dir), dir) {
			f.markFolderUsed(at)
		}
	}
	for abs, path := range f.seen {
		if !isPhotoJSON(f.files, abs) {
			continue
		}
		if n++; first == "" || path < first {
			first = path
		}
	}
	return n, first
}

// markFolderUsed looks for the JSON of every file in a folder.
func (f *Finder) markFolderUsed(dir string) {
	b, _ := f.folder(dir) // a folder that cannot be listed has no photos
	names := b.names
	if names == nil {
		names, _ = f.files.Names(dir)
	}
	for _, name := range names {
		if !IsSidecar(name) {
			_, path, _ := b.takeout(name)
			f.markUsed(path)
		}
	}
}

func isPhotoJSON(files Files, path string) bool {
	_, err := read(files, path, func(data []byte) (note, error) {
		about, err := readTakeout(data)
		if err == nil && (about.Title == "" || about.Taken == nil) {
			err = errNotThisPhoto
		}
		return note{}, err
	})
	return err == nil
}
