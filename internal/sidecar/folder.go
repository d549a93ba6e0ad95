package sidecar

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/photo"
)

// maxFolders are remembered at a time: a walk comes back to the folders above the
// one it is in, and each listing of a large one costs.
const maxFolders = 8

// A folder is what might be a sidecar in it.
type folder struct {
	dir         string
	xmps, jsons []entry // by key, then by name
}

// An entry is a file name, and what it is looked up by: names of one sidecar and
// its photo differ in case, also where the file system minds.
type entry struct{ key, name string }

func (e entry) compare(o entry) int {
	return cmp.Or(strings.Compare(e.key, o.key), strings.Compare(e.name, o.name))
}

// folder is never nil; one that cannot be listed is empty, and its error returned
// the first time only.
func (f *Finder) folder(dir string) (*folder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.IndexFunc(f.folders, func(b *folder) bool { return b.dir == dir }); i >= 0 {
		found := f.folders[i]
		copy(f.folders[1:], f.folders[:i])
		f.folders[0] = found
		return found, nil
	}
	b, err := list(dir)
	f.folders = slices.Insert(f.folders, 0, b)
	f.folders = f.folders[:min(len(f.folders), maxFolders)]
	return b, err
}

// list reads a folder piecemeal, because most names in it are not kept.
func list(dir string) (*folder, error) {
	b := &folder{dir: dir}
	d, err := os.Open(cmp.Or(dir, "."))
	if err != nil {
		return b, unlisted(dir, err)
	}
	defer d.Close()
	for err == nil {
		var names []string
		names, err = d.Readdirnames(1024)
		for _, name := range names {
			switch key := strings.ToLower(name); filepath.Ext(key) {
			case ".xmp":
				b.xmps = append(b.xmps, entry{key, name})
			case ".json":
				b.jsons = append(b.jsons, entry{key, name})
			}
		}
	}
	slices.SortFunc(b.xmps, entry.compare)
	slices.SortFunc(b.jsons, entry.compare)
	if !errors.Is(err, io.EOF) {
		return b, unlisted(dir, err)
	}
	return b, nil
}

func unlisted(dir string, err error) error {
	return &photo.Error{Kind: photo.KindUnreadable, Msg: "look for sidecars in " + cmp.Or(dir, "."), Err: err}
}

// find is the path of the file of this name, or else of one that differs in case
// only, or "".
func (b *folder) find(among []entry, name string) string {
	key := strings.ToLower(name)
	i, _ := slices.BinarySearchFunc(among, key, func(e entry, key string) int { return strings.Compare(e.key, key) })
	found := ""
	for ; i < len(among) && among[i].key == key; i++ {
		if found == "" || among[i].name == name {
			found = among[i].name
		}
	}
	if found == "" {
		return ""
	}
	return b.dir + found
}

// xmp returns what the photo's XMP sidecars say. Both ways to name one are in use:
// darktable and digiKam append .xmp, Adobe's programs replace the extension and may
// say in the file which one it was.
func (b *folder) xmp(name string) (found note, broken error) {
	if len(b.xmps) == 0 {
		return note{}, nil
	}
	ext := filepath.Ext(name)
	for _, want := range []string{name + ".xmp", strings.TrimSuffix(name, ext) + ".xmp"} {
		path := b.find(b.xmps, want)
		if path == "" {
			continue
		}
		n, err := read(path, parseXMP)
		if err != nil && !errors.Is(err, errNone) {
			broken = errors.Join(broken, err)
		}
		if want == name+".xmp" || n.extension == "" || strings.EqualFold("."+strings.TrimPrefix(n.extension, "."), ext) {
			found.complete(n)
		}
	}
	return found, broken
}

// takeout returns what the photo's Takeout JSON says. The first JSON that is the
// photo's decides, also when it has no description.
func (b *folder) takeout(name string) (note, error) {
	if len(b.jsons) == 0 {
		return note{}, nil
	}
	for want := range takeoutNames(name) {
		path := b.find(b.jsons, want.name)
		if path == "" {
			continue
		}
		n, err := read(path, func(data []byte) (note, error) { return parseTakeout(data, want.title) })
		if !errors.Is(err, errNone) {
			return n, err
		}
	}
	return note{}, nil
}
