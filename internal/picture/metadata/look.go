package metadata

import (
	"context"
	"io"
	"strings"

	"photos/internal/picture"
)

// Inside is what decoders want to know of a file before they open it.
type Inside struct {
	Width, Height int               // pixels as displayed; 0 when unknown
	Orientation   int               // EXIF 2.32, 4.6.4.A; 0 when there is none, or when the container has a turn of its own
	Preview       *io.SectionReader // the largest JPEG in a raw file or a Photoshop file; nil when there is none
	Colors        Colors
}

// Look reads the size, the turn, the preview and the colors of a picture. It fails as Read does.
func Look(ctx context.Context, r io.ReaderAt, size int64) (Inside, error) {
	info, t, err := readTags(ctx, r, size)
	if err != nil {
		return Inside{}, err
	}
	in := Inside{Width: info.Width, Height: info.Height}
	if !t.displayed {
		in.Orientation = t.orientation
	}
	if isRaw(info.MediaType) || info.MediaType == picture.PSD {
		in.Preview = t.largestPreview(r, size)
	}
	in.Colors = t.colors(r, size)
	return in, nil
}

// isRaw reports whether a type is one of cameras' raw files.
func isRaw(mediaType string) bool {
	return strings.HasPrefix(mediaType, "image/x-")
}

// A stretch is a part of the file.
type stretch struct{ at, size int64 }

// addJPEG notes a JPEG inside a raw file.
func (t *tags) addJPEG(r *io.SectionReader) {
	const maxPreviews = 16
	if r != nil && r.Size() > 0 && len(t.previews) < maxPreviews {
		t.previews = append(t.previews, stretch{place(r), r.Size()})
	}
}

// place is where a section begins in the file.
func place(r *io.SectionReader) int64 {
	at := int64(0)
	for {
		outer, off, _ := r.Outer()
		at += off
		section, nested := outer.(*io.SectionReader)
		if !nested {
			return at
		}
		r = section
	}
}

// largestPreview is the largest part of the file that was noted as a JPEG, and is one.
func (t *tags) largestPreview(r io.ReaderAt, size int64) *io.SectionReader {
	var best *io.SectionReader
	for _, p := range t.previews {
		if p.at >= size || p.size > size-p.at || best != nil && best.Size() >= p.size {
			continue
		}
		s := io.NewSectionReader(r, p.at, p.size)
		if mediaType, _ := picture.Sniff([]byte(readString(s, 0, 4))); mediaType == picture.JPEG {
			best = s
		}
	}
	return best
}
