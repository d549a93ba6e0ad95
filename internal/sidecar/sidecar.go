// Package sidecar finds what the files next to a photo say about it, its description,
// date and position: XMP sidecars, as photo editors keep them, and the JSON files of a Google
// Takeout export. It reads no picture: a caption inside one is found by the
// service, once a photo arrives without a description.
//
// One law decides what is doubtful: a wrong description is worse than none.
package sidecar

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"photos/internal/photo"
	"photos/internal/text"
)

// Kind is a place where descriptions come from.
type Kind string

// The kinds. Embedded is none that a Finder looks at; it stands in a list to say
// that the service may.
const (
	XMP      Kind = "sidecar"  // a.xmp or a.jpg.xmp
	Takeout  Kind = "takeout"  // JSON of a Google Takeout export
	Embedded Kind = "embedded" // the picture's own metadata
)

// Parse reads kinds as a flag lists them: comma-separated, each at most once, the
// preferred one first; "none" is the empty list. Errors are of photo.KindUsage.
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
			return nil, usage(fmt.Sprintf("%s stands twice", k), "")
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func usage(msg, hint string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// Finder finds descriptions. It remembers which sidecars lie in the folders it was
// last asked about, so one made later may be missed. It is safe for concurrent use.
type Finder struct {
	order    []Kind
	takeouts []string // the roots of the export's parts

	mu      sync.Mutex
	folders []*folder         // the most recently used first
	used    map[string]bool   // absolute paths of JSON files that say something about a photo
	seen    map[string]string // those that a walk passed and that are not used, by absolute path
}

// New is a Finder that takes the first description there is in this order. The
// paths are those that the user gave; parts of an export are looked for there.
func New(order []Kind, paths ...string) *Finder {
	return &Finder{order: slices.Clone(order), takeouts: takeoutRoots(paths), used: map[string]bool{}, seen: map[string]string{}}
}

// Found is what the files next to a photo say about it.
type Found struct {
	Description string        // empty: nothing
	Caption     photo.Caption // what the service has to do with a caption inside the picture to keep the order
	Facts       photo.Facts   // date and position, whatever the order of descriptions
}

// Find returns what is written next to the photo at path. The error says which sidecars
// were of no use on the way: broken, or with a text longer than photo.MaxDescription.
// It comes along with what other sidecars said, and is never a reason not to upload
// the photo. Nothing is said of sidecars of a kind that gives no descriptions.
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
	f.use(at)
	add(Takeout, photo.FactTakeout, n, err)
	found.describe(f.order, texts)
	return found, errors.Join(broken...)
}

// describe takes the first text there is in this order.
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
	extension string // of the only kind of file that it is about; empty: of any
}

// addTo adds date and position to those of better sources.
func (n note) addTo(f *photo.Facts, source photo.FactSource) {
	if f.Taken.IsZero() && !n.taken.IsZero() {
		f.Taken, f.TakenSource = n.taken, source
	}
	if f.Position == nil && n.position != nil {
		f.Position, f.PositionSource = n.position, source
	}
}

// complete takes from o what n does not say.
func (n *note) complete(o note) {
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

// Caption is what a caption is worth for a photo with nothing next to it.
func (f *Finder) Caption() photo.Caption {
	if slices.Contains(f.order, Embedded) {
		return photo.CaptionFallback
	}
	return photo.CaptionNever
}

// maxFile is how large a sidecar may be, in bytes. Those with a long history of
// edits reach some 100 KiB.
const maxFile = 1 << 20

// errNone is of what turns out to be no sidecar of this photo.
var errNone = errors.New("no such sidecar")

// read parses one sidecar. Its errors name the file, except errNone. A text that is too
// long is an error and leaves the rest of the note.
func read(path string, parse func([]byte) (note, error)) (note, error) {
	n, err := parseFile(path, parse)
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
	if errors.Is(err, errNone) || errors.Is(err, fs.ErrNotExist) {
		return note{}, errNone
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the path is said already
	}
	return note{}, &photo.Error{Kind: photo.KindUnreadable, Msg: "read " + path, Err: err}
}

func parseFile(path string, parse func([]byte) (note, error)) (note, error) {
	info, err := os.Stat(path)
	if err != nil {
		return note{}, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for a writer
		return note{}, errNone
	}
	f, err := os.Open(path)
	if err != nil {
		return note{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return note{}, err
	}
	if len(b) > maxFile {
		return note{}, fmt.Errorf("more than %d MiB for a sidecar", maxFile>>20)
	}
	return parse(b)
}
