package metadata

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"strings"

	"photos/internal/xmp"
)

// Prefixes of application segments.
const (
	exifPrefix      = "Exif\x00"
	xmpPrefix       = "http://ns.adobe.com/xap/1.0/\x00"
	extensionPrefix = "http://ns.adobe.com/xmp/extension/\x00"
	photoshopPrefix = "Photoshop 3.0\x00"
	profilePrefix   = "ICC_PROFILE\x00" // two bytes follow: the number of this part, and of all
)

// maxPhotoshop is how many bytes of Photoshop's resources are joined; they may be
// split over several segments.
const maxPhotoshop = 1 << 20

// readJPEG reads the segments before the image data (ISO/IEC 10918-1, annex B).
// Bytes between segments are passed over.
func readJPEG(r *io.SectionReader, t *tags) {
	var photoshop, extension []byte
	for s := range segments(r) {
		switch {
		case isFrame(s.marker):
			if b := readString(s.body, 0, 5); len(b) == 5 {
				t.setSize(int(binary.BigEndian.Uint16([]byte(b[3:]))), int(binary.BigEndian.Uint16([]byte(b[1:]))))
			}
		case s.marker == 0xe1 && readString(s.body, 0, len(exifPrefix)) == exifPrefix:
			t.addEXIF(after(s.body, int64(len(exifPrefix)+1)), mainDirectory)
		case s.marker == 0xe1 && readString(s.body, 0, len(xmpPrefix)) == xmpPrefix:
			t.addXMP(after(s.body, int64(len(xmpPrefix))))
		case s.marker == 0xe1 && readString(s.body, 0, len(extensionPrefix)) == extensionPrefix:
			extension = t.extend(extension, after(s.body, int64(len(extensionPrefix))))
		case s.marker == 0xe1:
			t.addBarePacket(s.body)
		case s.marker == 0xe0 && readString(s.body, 6, 4) == "HEAP": // of Canon's first cameras, in place of EXIF
			t.addCIFF(s.body)
		case s.marker == 0xe2 && readString(s.body, 0, len(profilePrefix)) == profilePrefix:
			t.addProfile(after(s.body, int64(len(profilePrefix)+2)))
		case s.marker == 0xed && readString(s.body, 0, len(photoshopPrefix)) == photoshopPrefix && len(photoshop) < maxPhotoshop:
			photoshop = append(photoshop, readAll(after(s.body, int64(len(photoshopPrefix))), maxPhotoshop)...)
		}
	}
	t.addPhotoshop(section(photoshop))
	if len(extension) > 0 {
		t.addXMP(section(extension))
	}
}

// addBarePacket reads XMP behind another prefix than the standard's, or behind none, which some programs write.
func (t *tags) addBarePacket(body *io.SectionReader) {
	const maxPrefix = 128
	head := readString(body, 0, maxPrefix)
	for _, start := range []string{"<?xpacket", "<x:xmpmeta", "<rdf:RDF"} {
		if at := strings.Index(head, start); at >= 0 {
			t.addXMP(after(body, int64(at)))
			return
		}
	}
}

// extend adds a part of the XMP that did not fit into the segment of the first packet (XMP specification part 3,
// 1.1.3.1): an identifier that the first packet names, the size of the whole, the place of the part, the part.
func (t *tags) extend(whole []byte, part *io.SectionReader) []byte {
	const note, idSize, headSize = "http://ns.adobe.com/xmp/note/", 32, 40
	head := readString(part, 0, headSize)
	if len(head) < headSize || head[:idSize] != t.property(note, "HasExtendedXMP") {
		return whole
	}
	f := fields{b: []byte(head[idSize:])}
	size, at := int(f.uint(4)), int(f.uint(4))
	if whole == nil {
		whole = make([]byte, min(size, xmp.MaxSize))
	}
	if at < len(whole) {
		copy(whole[at:], readAll(after(part, headSize), int64(len(whole)-at)))
	}
	return whole
}

// addCIFF reads Canon's block for its date and camera. The size is another picture's.
func (t *tags) addCIFF(block *io.SectionReader) {
	var inner tags
	readCRW(block, &inner)
	for _, date := range inner.dates {
		t.addDate(date)
	}
	if t.camera == "" {
		t.camera = inner.camera
	}
}

// isFrame reports whether a marker begins a frame header: SOF0 to SOF15, without
// the three of that range that do not (table B.1), and JPEG-LS's.
func isFrame(marker byte) bool {
	switch marker {
	case 0xc4, 0xc8, 0xcc:
		return false
	case 0xf7: // ISO/IEC 14495-1, JPEG-LS
		return true
	}
	return marker >= 0xc0 && marker <= 0xcf
}

// A segment is one marker segment and what follows its length.
type segment struct {
	marker byte
	body   *io.SectionReader
}

// segments are those up to the image data. Markers without a body are left out.
func segments(r *io.SectionReader) iter.Seq[segment] {
	return func(yield func(segment) bool) {
		const startOfScan, endOfImage = 0xda, 0xd9
		w := window{r: r}
		for at := int64(2); ; {
			marker, next, ok := w.marker(at)
			if !ok || marker == startOfScan || marker == endOfImage {
				return
			}
			if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 {
				at = next
				continue
			}
			b := w.bytes(next, 2)
			if len(b) < 2 {
				return
			}
			size := int64(binary.BigEndian.Uint16(b))
			if size < 2 {
				at = next
				continue
			}
			body := io.NewSectionReader(r, next+2, min(size-2, max(r.Size()-next-2, 0)))
			if !yield(segment{marker, body}) {
				return
			}
			at = next + size
		}
	}
}

// A window reads small pieces of a file that lie close to each other with few
// reads of the file.
type window struct {
	r   io.ReaderAt
	at  int64
	buf []byte
}

// bytes are n bytes at this place, fewer at the end of the file. They are valid
// until the next call.
func (w *window) bytes(at int64, n int) []byte {
	if at < w.at || at+int64(n) > w.at+int64(len(w.buf)) {
		if cap(w.buf) < max(n, 4096) {
			w.buf = make([]byte, max(n, 4096))
		}
		w.buf = w.buf[:cap(w.buf)]
		got, _ := w.r.ReadAt(w.buf, at)
		w.at, w.buf = at, w.buf[:got]
	}
	from := min(at-w.at, int64(len(w.buf)))
	return w.buf[from:min(from+int64(n), int64(len(w.buf)))]
}

// marker finds the next marker at or after this place, within a little of it, and
// the place behind it.
func (w *window) marker(at int64) (marker byte, next int64, ok bool) {
	const maxStray = 64 << 10
	for end := at + maxStray; at < end; {
		b := w.bytes(at, 512)
		if len(b) < 2 {
			return 0, 0, false
		}
		i := bytes.IndexByte(b[:len(b)-1], 0xff)
		switch {
		case i < 0:
			at += int64(len(b) - 1)
		case b[i+1] == 0xff || b[i+1] == 0:
			at += int64(i + 1)
		default:
			return b[i+1], at + int64(i) + 2, true
		}
	}
	return 0, 0, false
}
