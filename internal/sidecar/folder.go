package sidecar

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"photos/internal/archive"
	"photos/internal/photo"
)

// How much is remembered. A walk returns to the folders above the current one, and listing a large folder takes
// time. The entries of an archive come in any order, and its folders do not change.
const (
	maxFolders = 8
	maxNames   = 100_000 // in the folders of archives
)

// A folder has the files of a folder that may be sidecars.
type folder struct {
	dir   string
	xmps  map[string][]string // names by their folded form
	jsons map[jsonKey][]jsonFile
	names []string  // all of them, in order; nil where there is no JSON
	parts []*folder // the same folder in other parts of an export
	album string    // the tag of the album that the folder is; empty: it is none
	list  string    // the name of the file that says so
	size  int       // how many names there are, with those in other parts
	files Files
}

// A jsonKey is what the name of a JSON file says about the photo, folded.
type jsonKey struct{ base, number string }

// A jsonFile is a JSON file, with one way to read its name.
type jsonFile struct {
	jsonName
	name string
}

// folder returns the files of a folder. A folder that cannot be listed is empty. Its error is
// returned only the first time.
func (f *Finder) folder(dir string) (*folder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.IndexFunc(f.folders, func(b *folder) bool { return b.dir == dir }); i >= 0 {
		found := f.folders[i]
		copy(f.folders[1:], f.folders[:i])
		f.folders[0] = found
		return found, nil
	}
	b, err := f.readFolder(dir)
	for _, other := range f.otherParts(dir) {
		if part, err := f.readFolder(other); err == nil && len(part.jsons) > 0 {
			b.parts = append(b.parts, part)
			b.size += part.size
			b.album = cmp.Or(b.album, part.album)
		}
	}
	f.folders = slices.Insert(f.folders, 0, b)
	f.forget()
	return b, err
}

// forget removes the folders that were not used for longest, if they are too many.
func (f *Finder) forget() {
	folders, names := 0, 0
	f.folders = slices.DeleteFunc(f.folders, func(b *folder) bool {
		if _, _, inArchive := archive.Split(b.dir); inArchive {
			names += b.size
			return names > maxNames && names > b.size
		}
		folders++
		return folders > maxFolders
	})
}

func (f *Finder) readFolder(dir string) (*folder, error) {
	b := &folder{dir: dir, xmps: map[string][]string{}, jsons: map[jsonKey][]jsonFile{}, files: f.files}
	names, err := f.files.Names(cmp.Or(dir, "."))
	b.size = len(names) + 1
	for _, name := range names {
		switch strings.ToLower(filepath.Ext(name)) {
		case ".xmp":
			b.xmps[fold(name)] = append(b.xmps[fold(name)], name)
		case ".json":
			for _, n := range jsonNames(name) {
				key := jsonKey{fold(n.base), n.number}
				b.jsons[key] = append(b.jsons[key], jsonFile{n, name})
			}
		}
	}
	if len(b.jsons) > 0 {
		b.names = slices.Clone(names)
		slices.Sort(b.names)
		b.readAlbum()
	}
	if err != nil {
		return b, &photo.Error{Kind: photo.KindUnreadable, Msg: "look for sidecars in " + cmp.Or(dir, "."), Err: err}
	}
	return b, nil
}

// has reports whether a file of exactly this name is in the folder.
func (b *folder) has(name string) bool {
	_, found := slices.BinarySearch(b.names, name)
	return found
}

// bestName returns the wanted name if it is there. Otherwise it returns the last one, which
// differs only in case or composition, or "".
func bestName(among []string, wanted string) string {
	if slices.Contains(among, wanted) {
		return wanted
	}
	return slices.MaxFunc(append([]string{""}, among...), strings.Compare)
}

// xmp returns what the photo's XMP sidecars say. Programs name them in two ways: darktable and
// digiKam append .xmp; Adobe's programs replace the extension and may say in the file
// which one it was.
func (b *folder) xmp(name string) (found note, broken error) {
	if len(b.xmps) == 0 {
		return note{}, nil
	}
	ext := filepath.Ext(name)
	for _, wanted := range []string{name + ".xmp", strings.TrimSuffix(name, ext) + ".xmp"} {
		file := bestName(b.xmps[fold(wanted)], wanted)
		if file == "" {
			continue
		}
		n, err := b.readFile(file, parseXMP)
		if err != nil && !errors.Is(err, errNotThisPhoto) {
			broken = errors.Join(broken, err)
		}
		if wanted == name+".xmp" || n.extension == "" || strings.EqualFold("."+strings.TrimPrefix(n.extension, "."), ext) {
			found.fillIn(n)
		}
	}
	return found, broken
}

// takeout returns what the photo's Takeout JSON says, and its path. It uses the first JSON that
// is about the photo, even if that has no description.
func (b *folder) takeout(name string) (note, string, error) {
	if len(b.jsons) == 0 && len(b.parts) == 0 {
		return note{}, "", nil
	}
	for w := range candidateNames(name) {
		if n, path, err := b.read(w, name); !errors.Is(err, errNotThisPhoto) {
			return n, path, err
		}
	}
	for _, w := range b.unnumbered(name) {
		if n, path, err := b.read(w, name); !errors.Is(err, errNotThisPhoto) {
			return n, path, err
		}
	}
	return note{}, "", nil
}

// read reads the JSON with the candidate name, if it is about the photo of this name. Its error is
// errNotThisPhoto when there is none.
func (b *folder) read(w candidate, name string) (note, string, error) {
	for _, file := range b.candidates(w) {
		n, err := b.readFile(file.name, w.parser(name))
		if !errors.Is(err, errNotThisPhoto) {
			return n, b.dir + file.name, err
		}
	}
	return b.readOtherParts(w, name)
}

// readFile reads a file of the folder.
func (b *folder) readFile(name string, parse func([]byte) (note, error)) (note, error) {
	return read(b.files, b.dir+name, parse)
}

// readOtherParts looks in the other parts of the export. If a part has a file of the photo's
// name, its JSON is about that file. If several parts have a JSON, none is used.
func (b *folder) readOtherParts(w candidate, name string) (note, string, error) {
	if w.title == "" {
		w.title, w.same = w.base, true
	}
	var found note
	var path string
	for _, part := range b.parts {
		if part.has(name) {
			continue
		}
		n, at, err := part.read(w, name)
		switch {
		case errors.Is(err, errNotThisPhoto):
		case err != nil || path != "":
			return note{}, "", errNotThisPhoto
		default:
			found, path = n, at
		}
	}
	if path == "" {
		return note{}, "", errNotThisPhoto
	}
	return found, path, nil
}

// candidates returns the files with the candidate name, the likeliest first. A JSON whose name
// differs from the photo's in case belongs to the photo of the same case, if there is one.
func (b *folder) candidates(w candidate) []jsonFile {
	var out []jsonFile
	for _, file := range b.jsons[jsonKey{fold(w.base), w.number}] {
		if w.cut && file.suffix > 0 || w.title == "" && !sameCase(file.base, w.base) && b.has(file.base) {
			continue
		}
		out = append(out, file)
	}
	slices.SortFunc(out, func(x, y jsonFile) int {
		return cmp.Or(cmp.Compare(y.suffix, x.suffix), trueFirst(x.base == w.base, y.base == w.base), cmp.Compare(y.name, x.name))
	})
	return out
}

func sameCase(a, b string) bool { return a == b || norm.NFC.String(a) == norm.NFC.String(b) }

// trueFirst orders true before false.
func trueFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// unnumbered returns names of JSON files without a number for an edited copy that has one,
// such as IMG-edited(1).jpg. It returns names only if the original is in the folder and no
// file is about another photo of that name, which would have a number.
func (b *folder) unnumbered(name string) []candidate {
	p := splitName(norm.NFC.String(name))
	originals, edited := p.unedited()
	if p.number == "" || !edited {
		return nil
	}
	o := photoName{originals[0].stem, "", p.ext}
	if _, number := splitNumber(o.stem); number != "" {
		return nil
	}
	there := false
	for _, f := range slices.Concat([]*folder{b}, b.parts) {
		for _, file := range f.names {
			stem, number := aboutPhoto(file)
			if stem != fold(o.stem) {
				continue
			}
			if number {
				return nil
			}
			there = there || f == b && withoutExtension(file) != file
		}
	}
	if !there {
		return nil
	}
	return append([]candidate{o.guess(false), photoName{o.stem, "", ""}.guess(false)}, o.stills(false)...)
}

// aboutPhoto returns the folded name of the photo that a file is, or that a JSON is about,
// without extension and number. numbered says whether there is a number.
func aboutPhoto(file string) (stem string, numbered bool) {
	number := ""
	if strings.EqualFold(filepath.Ext(file), ".json") {
		longest := slices.MaxFunc(jsonNames(file), func(a, b jsonName) int {
			return cmp.Or(cmp.Compare(len(a.number), len(b.number)), cmp.Compare(a.suffix, b.suffix))
		})
		file, number = longest.base, longest.number
	}
	p := splitName(file)
	return fold(p.stem), p.number+number != ""
}
