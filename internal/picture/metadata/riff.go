package metadata

import (
	"encoding/binary"
	"io"
	"iter"
)

// A chunk of a RIFF file (Multimedia Programming Interface and Data Specifications
// 1.0, chapter 2). kind is the type of a list instead of LIST where it is one.
type chunk struct {
	kind string
	list bool
	body *io.SectionReader
}

// chunks are those that r consists of. A chunk of odd length is followed by a byte
// of padding, which some programs leave out.
func chunks(r *io.SectionReader) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		for at := int64(0); at+8 <= r.Size(); {
			var head [12]byte
			n, _ := r.ReadAt(head[:], at)
			if n < 8 {
				return
			}
			kind, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
			c := chunk{kind: kind, body: io.NewSectionReader(r, at+8, min(size, r.Size()-at-8))}
			if kind == "LIST" && n == 12 {
				c = chunk{kind: string(head[8:]), list: true, body: after(c.body, 4)}
			}
			if !yield(c) {
				return
			}
			at += 8 + size
			if size%2 == 1 && readString(r, at, 1) == "\x00" {
				at++
			}
		}
	}
}

// readWebP reads the chunks of a WebP (RFC 9649, section 2).
func readWebP(r *io.SectionReader, t *tags) {
	for c := range chunks(after(r, 12)) {
		switch c.kind {
		case "VP8X", "VP8 ", "VP8L":
			t.setSize(webpSize(c.kind, []byte(readString(c.body, 0, 10))))
		case "ICCP":
			t.addProfile(c.body)
		case "EXIF":
			t.addEXIF(c.body, mainDirectory)
		case "XMP ":
			t.addXMP(c.body)
		}
	}
}

// webpSize reads the size from the start of the first chunk of a WebP (RFC 9649,
// sections 2.5 to 2.7; RFC 6386, section 9.1).
func webpSize(kind string, b []byte) (width, height int) {
	u16 := binary.LittleEndian.Uint16
	switch {
	case kind == "VP8X" && len(b) == 10:
		u24 := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
		return 1 + u24(b[4:]), 1 + u24(b[7:])
	case kind == "VP8 " && len(b) == 10:
		return int(u16(b[6:]) & 0x3fff), int(u16(b[8:]) & 0x3fff)
	case kind == "VP8L" && len(b) >= 5:
		bits := binary.LittleEndian.Uint32(b[1:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	}
	return 0, 0
}

// readAVI reads the header lists of an AVI and the texts around them. The frames,
// which are most of the file, are passed over.
func readAVI(r *io.SectionReader, t *tags) {
	for c := range chunks(after(r, 12)) {
		t.addAVI(c, 0)
	}
}

func (t *tags) addAVI(c chunk, depth int) {
	const maxDepth = 4
	switch {
	case c.list && c.kind != "movi" && depth < maxDepth:
		for inner := range chunks(c.body) {
			t.addAVI(inner, depth+1)
		}
	case c.kind == "avih":
		if b := []byte(readString(c.body, 32, 8)); len(b) == 8 {
			t.setSize(int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:])))
		}
		if b := []byte(readString(c.body, 0, 20)); len(b) == 20 {
			const microsecond = 1e-6
			perFrame, frames := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[16:])
			t.setDuration(float64(perFrame) * float64(frames) * microsecond)
		}
	case c.kind == "strh":
		kind := readString(c.body, 0, 4)
		t.addTrack(kind != "auds" && kind != "mids" && kind != "txts")
	case c.kind == "IDIT", c.kind == "ICRD":
		t.addDate(namedDate(readString(c.body, 0, 64)))
	case c.kind == "ISBJ", c.kind == "ICMT", c.kind == "INAM":
		text, _ := cString(readAll(c.body, maxValueSize))
		t.addCaption(latin1(text))
	case c.kind == "strd": // of Casio and others: EXIF behind a name
		if readString(c.body, 0, 4) == "AVIF" {
			t.addEXIF(after(c.body, 8), mainDirectory)
		}
	case c.kind == "_PMX":
		t.addXMP(c.body)
	}
}
