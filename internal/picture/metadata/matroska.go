package metadata

import (
	"encoding/binary"
	"io"
	"iter"
	"math"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// An element of EBML (RFC 8794), of which Matroska and WebM consist.
type element struct {
	id   uint64
	body *io.SectionReader
}

// IDs of Matroska's elements (RFC 9559).
const (
	ebmlSegment     = 0x18538067
	ebmlInfo        = 0x1549a966
	ebmlDate        = 0x4461
	ebmlScale       = 0x2ad7b1 // TimestampScale
	ebmlDuration    = 0x4489
	ebmlTracks      = 0x1654ae6b
	ebmlTrack       = 0xae
	ebmlTrackType   = 0x83
	ebmlVideo       = 0xe0
	ebmlWidth       = 0xb0
	ebmlHeight      = 0xba
	ebmlTags        = 0x1254c367
	ebmlTag         = 0x7373
	ebmlSimpleTag   = 0x67c8
	ebmlTagName     = 0x45a3
	ebmlTagString   = 0x4487
	maxEBMLElements = 4096
)

// elements are those that r consists of. An element of unknown size, as live
// recordings have it, reaches to the end of r.
func elements(r *io.SectionReader) iter.Seq[element] {
	return func(yield func(element) bool) {
		w := window{r: r}
		at := int64(0)
		for range maxEBMLElements {
			b := w.bytes(at, 12)
			id, n := vint(b, true)
			if n == 0 {
				return
			}
			size, m := vint(b[n:], false)
			if m == 0 {
				return
			}
			start := at + int64(n+m)
			size = min(size, uint64(max(r.Size()-start, 0)))
			if !yield(element{id: id, body: io.NewSectionReader(r, start, int64(size))}) {
				return
			}
			at = start + int64(size)
		}
	}
}

// vint reads a number of variable length (RFC 8794, section 4). An ID keeps the
// bit that marks its length. All ones mean an unknown size, which is very large.
func vint(b []byte, id bool) (value uint64, size int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	size = 1
	for b[0]<<(size-1)&0x80 == 0 {
		size++
	}
	if len(b) < size {
		return 0, 0
	}
	for _, c := range b[:size] {
		value = value<<8 | uint64(c)
	}
	if !id {
		marker := uint64(1) << (7 * size)
		if value &^= marker; value == marker-1 {
			value = math.MaxInt64
		}
	}
	return value, size
}

// uint is the value of an element that is a whole number.
func (e element) uint() uint64 {
	f := fields{b: readAll(e.body, 8)}
	return f.uint(len(f.b))
}

// float is the value of an element that is a number of 4 or 8 bytes.
func (e element) float() float64 {
	switch b := readAll(e.body, 8); len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

// readMatroska reads the parts of a Matroska or WebM file before its frames, and
// those behind them as far as the elements lead there.
func readMatroska(r *io.SectionReader, t *tags) {
	t.displayed = true
	for e := range elements(r) {
		if e.id != ebmlSegment {
			continue
		}
		for e := range elements(e.body) {
			switch e.id {
			case ebmlInfo:
				t.addMatroskaInfo(e)
			case ebmlTracks:
				t.addTracks(e)
			case ebmlTags:
				t.addMatroskaTags(e)
			}
		}
		break
	}
}

func (t *tags) addMatroskaInfo(info element) {
	scale, length := 1e6, 0.0 // nanoseconds per unit, and units
	for e := range elements(info.body) {
		switch e.id {
		case ebmlDate:
			t.addDate(matroskaDate(e))
		case ebmlScale:
			scale = float64(e.uint())
		case ebmlDuration:
			length = e.float()
		}
	}
	t.setDuration(length * scale / 1e9)
}

// matroskaDate is a time in nanoseconds since 2001.
func matroskaDate(e element) photo.Moment {
	epoch := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	n := int64(e.uint())
	if n == 0 {
		return photo.Moment{}
	}
	return plausible(photo.At(epoch.Add(time.Duration(n))))
}

func (t *tags) addTracks(all element) {
	for track := range elements(all.body) {
		if track.id != ebmlTrack {
			continue
		}
		video := false
		for e := range elements(track.body) {
			switch e.id {
			case ebmlTrackType:
				video = video || e.uint() == 1
			case ebmlVideo:
				t.addVideo(e)
			}
		}
		t.addTrack(video)
	}
}

func (t *tags) addVideo(video element) {
	var width, height uint64
	for e := range elements(video.body) {
		switch e.id {
		case ebmlWidth:
			width = e.uint()
		case ebmlHeight:
			height = e.uint()
		}
	}
	t.setSize(int(min(width, math.MaxInt32)), int(min(height, math.MaxInt32)))
}

// addMatroskaTags uses the tags that RFC 9559 names for a description and a date.
func (t *tags) addMatroskaTags(all element) {
	for tag := range elements(all.body) {
		if tag.id != ebmlTag {
			continue
		}
		for simple := range elements(tag.body) {
			if simple.id == ebmlSimpleTag {
				t.addSimpleTag(simple)
			}
		}
	}
}

func (t *tags) addSimpleTag(simple element) {
	var name, text string
	for e := range elements(simple.body) {
		switch e.id {
		case ebmlTagName:
			name = string(readAll(e.body, 64))
		case ebmlTagString:
			text = string(readAll(e.body, photo.MaxDescription))
		}
	}
	switch name {
	case "DESCRIPTION", "COMMENT":
		t.addCaption(text)
	case "DATE_RECORDED", "CREATION_TIME", "creation_time":
		t.addDate(picture.ParseDate(text))
	}
}
