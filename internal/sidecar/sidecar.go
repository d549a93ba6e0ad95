// Package sidecar finds what somebody wrote about a photo in the files beside
// it: XMP sidecars, as photo editors keep them, and the JSON files of a Google
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
	"unicode"

	"photos/internal/photo"
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
			return nil, usage(fmt.Sprintf("%.40q is no source of descriptions", k), "it is sidecar, takeout, embedded, several of them with commas, or none")
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
	order []Kind

	mu      sync.Mutex
	folders []*folder // the most recently used first
}

// New is a Finder that takes the first description there is in this order.
func New(order []Kind) *Finder { return &Finder{order: slices.Clone(order)} }

// Describe returns what is written beside the photo at path, and "" when nothing
// is; its source is photo.FromSidecar. caption is what the service has to do with a
// caption inside the picture to keep the order. The error says which sidecars were
// of no use on the way, broken or with a text longer than photo.MaxDescription; it
// comes along with the text that another one gave, and is never a reason not to
// upload the photo.
func (f *Finder) Describe(path string) (text string, caption photo.Caption, err error) {
	dir, name := filepath.Split(path)
	if !f.looksBeside() || IsSidecar(name) {
		return "", f.Caption(), nil
	}
	beside, err := f.folder(dir)
	var broken []error
	if err != nil {
		broken = append(broken, err)
	}
	for i, kind := range f.order {
		switch kind {
		case XMP:
			text, err = beside.xmp(name)
		case Takeout:
			text, err = beside.takeout(name)
		case Embedded: // the service's
			continue
		}
		if err != nil {
			broken = append(broken, err)
		}
		if text != "" {
			if slices.Contains(f.order[:i], Embedded) {
				return text, photo.CaptionFirst, errors.Join(broken...)
			}
			return text, f.Caption(), errors.Join(broken...)
		}
	}
	return "", f.Caption(), errors.Join(broken...)
}

func (f *Finder) looksBeside() bool {
	return slices.ContainsFunc(f.order, func(k Kind) bool { return k != Embedded })
}

// Caption is what a caption is worth for a photo with nothing beside it.
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

// read parses one sidecar. Its errors name the file, except errNone.
func read(path string, parse func([]byte) (string, error)) (string, error) {
	text, err := parseFile(path, parse)
	if err == nil {
		text = printable(text)
		if len(text) <= photo.MaxDescription {
			return text, nil
		}
		return "", &photo.Error{
			Kind: photo.KindTooLarge,
			Msg:  fmt.Sprintf("the description in %s has %d bytes", path, len(text)),
			Hint: fmt.Sprintf("at most %d are kept: shorten it there", photo.MaxDescription),
		}
	}
	if errors.Is(err, errNone) || errors.Is(err, fs.ErrNotExist) {
		return "", errNone
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the path is said already
	}
	return "", &photo.Error{Kind: photo.KindUnreadable, Msg: "read " + path, Err: err}
}

func parseFile(path string, parse func([]byte) (string, error)) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for a writer
		return "", errNone
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxFile {
		return "", fmt.Errorf("more than %d MiB for a sidecar", maxFile>>20)
	}
	return parse(b)
}

// printable is s without control characters other than line ends and tabs, and
// without white space at its ends.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
