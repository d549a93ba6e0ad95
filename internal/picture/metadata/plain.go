package metadata

import (
	"encoding/binary"
	"io"
)

// readBMP reads the size from a bitmap's header. A negative height says that the
// rows run from the top; a negative width is not legal, but occurs.
func readBMP(r *io.SectionReader, t *tags) {
	b := []byte(readString(r, 14, 12))
	if len(b) < 12 {
		return
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	if u32(b) == 12 { // OS/2 1
		t.setSize(int(u16(b[4:])), int(u16(b[6:])))
		return
	}
	t.setSize(abs(int(int32(u32(b[4:])))), abs(int(int32(u32(b[8:])))))
}

func abs(n int) int { return max(n, -n) }

// readGIF reads the size (GIF89a, section 18), the first comment (section 24) and
// XMP, which lies in an application extension (XMP specification part 3, 1.1.2).
func readGIF(r *io.SectionReader, t *tags) {
	head := readString(r, 0, 13)
	if len(head) < 10 {
		return
	}
	t.setSize(int(binary.LittleEndian.Uint16([]byte(head[6:]))), int(binary.LittleEndian.Uint16([]byte(head[8:]))))
	if len(head) < 13 {
		return
	}
	w := &window{r: r}
	for at := 13 + colorTable(head[10]); at > 0; {
		at = t.gifBlock(w, r, at)
	}
}

// colorTable is the size in bytes of the color table that flags announce.
func colorTable(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifBlock reads the block at this place and returns where the next begins, 0 at
// the end.
func (t *tags) gifBlock(w *window, r *io.SectionReader, at int64) int64 {
	const image, extension, comment, application = 0x2c, 0x21, 0xfe, 0xff
	b := w.bytes(at, 16)
	switch {
	case len(b) > 10 && b[0] == image:
		return skipSubBlocks(w, at+11+colorTable(b[9]), nil)
	case len(b) > 2 && b[0] == extension && b[1] == comment:
		var text []byte
		next := skipSubBlocks(w, at+2, &text)
		t.addCaption(latin1(string(text)))
		return next
	case len(b) > 14 && b[0] == extension && b[1] == application && string(b[3:14]) == "XMP DataXMP":
		t.addXMP(io.NewSectionReader(r, at+14, r.Size()-at-14))
		return skipSubBlocks(w, at+14, nil)
	case len(b) > 2 && b[0] == extension:
		return skipSubBlocks(w, at+2, nil)
	}
	return 0
}

// skipSubBlocks passes over data sub-blocks (section 15) and gathers them in text.
func skipSubBlocks(w *window, at int64, text *[]byte) int64 {
	for {
		b := w.bytes(at, 256)
		if len(b) == 0 {
			return 0
		}
		n := int(b[0])
		if n == 0 {
			return at + 1
		}
		if text != nil && len(*text) < maxValueSize {
			*text = append(*text, b[1:min(1+n, len(b))]...)
		}
		at += int64(n) + 1
	}
}

// readPSD reads the size and the image resources of a Photoshop file (Adobe
// Photoshop File Formats Specification).
func readPSD(r *io.SectionReader, t *tags) {
	b := []byte(readString(r, 0, 30))
	if len(b) < 30 {
		return
	}
	u32 := binary.BigEndian.Uint32
	t.setSize(int(u32(b[18:])), int(u32(b[14:])))
	t.displayed = true
	at := 30 + int64(u32(b[26:])) // behind the color mode data
	size := readString(r, at, 4)
	if len(size) == 4 {
		t.addPhotoshop(io.NewSectionReader(r, at+4, min(int64(u32([]byte(size))), max(r.Size()-at-4, 0))))
	}
}

// UUIDs of metadata in boxes: JPEG 2000's (JpgTiffExif->JP2, and IPTC's) and XMP's
// (XMP specification part 3, 1.2.2 and 1.2.7).
const (
	uuidEXIF = "JpgTiffExif->JP2"
	uuidIPTC = "\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38"
	uuidXMP  = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
)

// addUUID reads a uuid box.
func (t *tags) addUUID(body *io.SectionReader) {
	inside := after(body, 16)
	switch readString(body, 0, 16) {
	case uuidEXIF:
		t.addEXIF(inside, mainDirectory)
	case uuidIPTC:
		t.addIPTC(readAll(inside, maxIPTC))
	case uuidXMP:
		t.addXMP(inside)
	}
}

// readJP2 reads a JPEG 2000 (ISO/IEC 15444-1, annexes A.5.1 and I): boxes, or a
// bare codestream.
func readJP2(r *io.SectionReader, t *tags) {
	u32 := binary.BigEndian.Uint32
	if readString(r, 0, 4) == "\xff\x4f\xff\x51" {
		if b := []byte(readString(r, 8, 16)); len(b) == 16 {
			t.setSize(int(u32(b))-int(u32(b[8:])), int(u32(b[4:]))-int(u32(b[12:])))
		}
		return
	}
	for b := range boxes(r) {
		switch b.kind {
		case "jp2h":
			if ihdr := find(b.body, "ihdr"); ihdr != nil {
				if s := []byte(readString(ihdr, 0, 8)); len(s) == 8 {
					t.setSize(int(u32(s[4:])), int(u32(s)))
				}
			}
		case "uuid":
			t.addUUID(b.body)
		}
	}
}

// readOgg reads the size of the picture in the header of a Theora stream, which is the first packet (Theora
// Specification, 6.2).
func readOgg(r *io.SectionReader, t *tags) {
	const pageHeader, sizeInPacket = 28, 14
	f := fields{b: []byte(readString(r, pageHeader+sizeInPacket, 6))}
	t.setSize(int(f.uint(3)), int(f.uint(3)))
}
