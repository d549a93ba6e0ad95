package metadata

import (
	"encoding/binary"
	"io"
	"iter"
)

// A box of ISO/IEC 14496-12, section 4.2; QuickTime calls it an atom.
type box struct {
	kind string
	body *io.SectionReader
}

// boxes are those that r consists of, up to the first that is malformed; none
// when r is nil. How many there can be is bounded by the guard below.
func boxes(r *io.SectionReader) iter.Seq[box] {
	return func(yield func(box) bool) {
		if r == nil {
			return
		}
		for at := int64(0); at < r.Size(); {
			b, size, ok := boxAt(r, at)
			if !ok || !yield(b) {
				return
			}
			at += size
		}
	}
}

func boxAt(r *io.SectionReader, at int64) (b box, size int64, ok bool) {
	var header [16]byte
	n, _ := r.ReadAt(header[:], at)
	if n < 8 {
		return box{}, 0, false
	}
	size, headerSize := int64(binary.BigEndian.Uint32(header[:])), int64(8)
	switch size {
	case 0: // to the end
		size = r.Size() - at
	case 1: // the size needs 64 bits and follows
		size, headerSize = int64(binary.BigEndian.Uint64(header[8:])), 16
	}
	if size < headerSize || size > r.Size()-at {
		return box{}, 0, false
	}
	body := io.NewSectionReader(r, at+headerSize, size-headerSize)
	return box{kind: string(header[4:8]), body: body}, size, true
}

// find is the body of the first box on this path, nil when there is none.
func find(r *io.SectionReader, path ...string) *io.SectionReader {
	for _, kind := range path {
		var next *io.SectionReader
		for b := range boxes(r) {
			if b.kind == kind {
				next = b.body
				break
			}
		}
		r = next
	}
	return r
}

// after is r without its first n bytes.
func after(r *io.SectionReader, n int64) *io.SectionReader {
	return io.NewSectionReader(r, n, max(r.Size()-n, 0))
}

// readString is n bytes of r, fewer at its end.
func readString(r *io.SectionReader, at int64, n int) string {
	if r == nil || at < 0 {
		return ""
	}
	b := make([]byte, n)
	n, _ = r.ReadAt(b, at)
	return string(b[:n])
}
