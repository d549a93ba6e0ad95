// Package sidecar finds the description, the date and the position of a photo in the files
// next to it: XMP sidecars, which photo editors write, and the JSON files of a Google Takeout
// export. It does not read the picture itself. The service finds a caption inside it when
// a photo arrives without a description.
//
// One rule decides what is doubtful: a wrong description is worse than none.
package sidecar

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/text"
)

// Kind is a kind of source of descriptions.
type Kind string

// The kinds. A Finder does not look at Embedded. In a list of kinds it says that the service
// may.
const (
	XMP      Kind = "sidecar"  // a.xmp or a.jpg.xmp
	Takeout  Kind = "takeout"  // JSON of a Google Takeout export
	Embedded Kind = "embedded" // the picture's own metadata
)

// Parse reads the kinds in the value of a flag. They are separated by commas, each at most
// once, and the preferred one comes first. "none" is the empty list. Errors are of
// photo.KindUsage.
func Parse(list string) ([]Kind, error) {
	if strings.TrimSpace(list) == "none" {
		return nil, nil
	}
	var kinds []Kind
	for word := range strings.SplitSeq(list, ",") {
		k := Kind(strings.TrimSpace(word))
		switch {
		case k != XMP && k != Takeout && k != Embedded:
			return nil, usage(fmt.Sprintf("%.40q is not a source of descriptions", k), "it is sidecar, takeout, embedded, several of them with commas, or none")
		case slices.Contains(kinds, k):
			return nil, usage(fmt.Sprintf("%s is listed twice", k), "")
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func usage(msg, hint string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// Finder finds sidecars. It remembers the contents of the last folders, so it may miss a
// sidecar that is made later. It is safe for concurrent use.
type Finder struct {
	files    Files
	order    []Kind
	takeouts []string // the roots of the export's parts
	icloud   icloud

	mu      sync.Mutex
	folders []*folder         // the most recently used first
	used    map[string]bool   // absolute paths of JSON files that are about a photo here
	seen    map[string]string // skipped JSON files that are not used, by absolute path
}

// New returns a Finder that takes the first description in this order. The paths are those
// that the user gave. New looks there for parts of an export.
func New(order []Kind, paths ...string) *Finder { return NewIn(archive.NewFiles(), order, paths...) }

// NewIn is like New, and finds sidecars also in the archives that are open in files.
func NewIn(files Files, order []Kind, paths ...string) *Finder {
	return &Finder{
		files: files, order: slices.Clone(order), used: map[string]bool{}, seen: map[string]string{},
		takeouts: takeoutRoots(files, paths), icloud: icloud{files: files, paths: slices.Clone(paths)},
	}
}

// Files has the files in which a Finder looks. *archive.Files implements it.
type Files interface {
	IsFolder(path string) bool
	Names(dir string) ([]string, error) // in no order; the caller does not change them
	Read(path string) ([]byte, error)   // small files only; fs.ErrNotExist for a pipe or a device
}

// Found is what the sidecars of a photo say about it.
type Found struct {
	Description string        // empty: there is none
	Caption     photo.Caption // how a caption inside the picture ranks, so that the order is kept
	Facts       photo.Facts   // date, position and albums, from any kind of sidecar
	Skip        string        // why the photo should not be uploaded, such as that it is in the trash; empty: it should
}

// Find returns what the sidecars of the photo at path say. The error names sidecars that are
// broken or have a text longer than photo.MaxDescription. The result then has what the other
// sidecars say, and the photo can be uploaded. The error does not name sidecars of a kind
// that is not in the order.
func (f *Finder) Find(path string) (Found, error) {
	found := Found{Caption: f.Caption()}
	dir, name := filepath.Split(path)
	if IsSidecar(name) {
		return found, nil
	}
	b, err := f.folder(dir)
	broken := []error{err}
	texts := map[Kind]string{}
	add := func(kind Kind, source photo.FactSource, n note, err error) {
		if slices.Contains(f.order, kind) {
			broken = append(broken, err)
		}
		texts[kind] = n.text
		n.addTo(&found.Facts, source)
	}
	n, err := b.xmp(name)
	add(XMP, photo.FactSidecar, n, err)
	n, at, err := b.takeout(name)
	f.markUsed(at)
	add(Takeout, photo.FactTakeout, n, err)
	if n.trashed {
		found.Skip = trashed
	}
	if b.album != "" {
		found.Facts.Tags = append(found.Facts.Tags, b.album)
	}
	broken = append(broken, f.icloud.addTo(&found, dir, name))
	found.describe(f.order, texts)
	return found, errors.Join(broken...)
}

// describe takes the first text in this order.
func (f *Found) describe(order []Kind, texts map[Kind]string) {
	for i, kind := range order {
		if f.Description = texts[kind]; f.Description == "" {
			continue
		}
		if slices.Contains(order[:i], Embedded) {
			f.Caption = photo.CaptionFirst
		}
		return
	}
}

// A note is what one sidecar says.
type note struct {
	text      string
	taken     photo.Moment
	position  *photo.Position
	extension string // of the files that it is about; empty: any
	trashed   bool   // the export has it, although it was deleted
}

// trashed is why a photo is skipped that was deleted before the export was made.
const trashed = "in the trash of the export"

// addTo adds the date and the position, unless a better source gave them.
func (n note) addTo(f *photo.Facts, source photo.FactSource) {
	if f.Taken.IsZero() && !n.taken.IsZero() {
		f.Taken, f.TakenSource = n.taken, source
	}
	if f.Position == nil && n.position != nil {
		f.Position, f.PositionSource = n.position, source
	}
}

// fillIn takes from o what n does not say.
func (n *note) fillIn(o note) {
	if n.text == "" {
		n.text = o.text
	}
	if n.taken.IsZero() {
		n.taken = o.taken
	}
	if n.position == nil {
		n.position = o.position
	}
}

// Caption returns how a caption ranks for a photo without sidecars.
func (f *Finder) Caption() photo.Caption {
	if slices.Contains(f.order, Embedded) {
		return photo.CaptionFallback
	}
	return photo.CaptionNever
}

// errNotThisPhoto is the error of a file that is not a sidecar of this photo.
var errNotThisPhoto = errors.New("no such sidecar")

// read parses one sidecar. Its errors name the file, except errNotThisPhoto. If the text is too
// long, read returns an error and the rest of the note.
func read(files Files, path string, parse func([]byte) (note, error)) (note, error) {
	data, err := files.Read(path)
	var n note
	if err == nil {
		n, err = parse(data)
	}
	if err == nil {
		if n.text = text.Clean(n.text); len(n.text) <= photo.MaxDescription {
			return n, nil
		}
		err := &photo.Error{
			Kind: photo.KindTooLarge,
			Msg:  fmt.Sprintf("the description in %s has %d bytes", path, len(n.text)),
			Hint: fmt.Sprintf("at most %d are kept: shorten it there", photo.MaxDescription),
		}
		n.text = ""
		return n, err
	}
	if errors.Is(err, errNotThisPhoto) || errors.Is(err, fs.ErrNotExist) {
		return note{}, errNotThisPhoto
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the message has the path already
	}
	return note{}, &photo.Error{Kind: photo.KindUnreadable, Msg: "read " + path, Err: err}
}
