package metadata

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// readTIFF reads what is a TIFF as a whole, raw files of most makers among them.
func readTIFF(r *io.SectionReader, t *tags) { t.addEXIF(r, mainDirectory) }

// readORF reads the raw file of Olympus and OM System: a TIFF whose maker's note has the place of a JPEG.
func readORF(r *io.SectionReader, t *tags) {
	const tagMakerNote = 0x927c
	t.addEXIF(r, mainDirectory)
	note := t.field(exifDirectory, tagMakerNote).onward()
	for _, head := range []string{"OLYMPUS\x00II\x03\x00", "OM SYSTEM\x00\x00\x00II\x04\x00"} {
		if note != nil && readString(note, 0, len(head)) == head {
			t.addNote(note, int64(len(head)))
		}
	}
}

// addNote notes the JPEG of which a maker's note has the place, in its directory of the camera's settings. All
// places count from the start of the note.
func (t *tags) addNote(r *io.SectionReader, first int64) {
	const tagSettings, tagPreview, tagPreviewSize = 0x2020, 0x0101, 0x0102
	note := &tiff{r: r, size: r.Size(), order: binary.LittleEndian, fields: map[key]field{}, visited: map[int64]bool{}}
	note.directory(first, mainDirectory)
	settings := note.fields[key{mainDirectory, tagSettings}]
	at := settings.at // old cameras have the directory as the value
	if at == 0 {
		at = int64(settings.int())
	}
	note.directory(at, exifDirectory)
	start, size := note.fields[key{exifDirectory, tagPreview}].int(), note.fields[key{exifDirectory, tagPreviewSize}].int()
	if start > 0 && size > 0 {
		t.addJPEG(io.NewSectionReader(r, int64(start), int64(size)))
	}
}

// readRW2 reads Panasonic's and Leica's raw file: a TIFF in which the borders of
// the picture on the sensor tell its size, and which embeds a JPEG with the rest.
func readRW2(r *io.SectionReader, t *tags) {
	const (
		top, left, bottom, right = 0x04, 0x05, 0x06, 0x07
		preview                  = 0x2e
	)
	t.addEXIF(r, mainDirectory)
	border := func(tag uint16) int { return t.field(mainDirectory, tag).int() }
	t.setSize(border(right)-border(left), border(bottom)-border(top))
	if jpeg := t.field(mainDirectory, preview).section(); jpeg != nil {
		t.addPreview(jpeg)
	}
}

// addPreview reads an embedded JPEG for all but its size.
func (t *tags) addPreview(jpeg *io.SectionReader) {
	t.addJPEG(jpeg)
	var inner tags
	readJPEG(jpeg, &inner)
	for _, block := range inner.exif {
		block.images, block.crop = nil, nil
		delete(block.fields, key{exifDirectory, tagExifWidth})
	}
	t.exif = append(t.exif, inner.exif...)
	t.xmp = append(t.xmp, inner.xmp...)
	if t.iptc == nil {
		t.iptc = inner.iptc
	}
}

// readRAF reads Fujifilm's raw file: a JPEG, whose place stands at byte 84, and a
// directory of the sensor's data, whose place stands at byte 92.
func readRAF(r *io.SectionReader, t *tags) {
	b := []byte(readString(r, 84, 16))
	if len(b) < 8 {
		return
	}
	u32 := binary.BigEndian.Uint32
	t.addPreview(io.NewSectionReader(r, int64(u32(b)), int64(u32(b[4:]))))
	if len(b) == 16 {
		t.setSize(rafSize(io.NewSectionReader(r, int64(u32(b[8:])), int64(u32(b[12:])))))
	}
}

// rafSize finds the cropped size in the directory of a RAF: numbers of records,
// then tag, size and value of each.
func rafSize(r *io.SectionReader) (width, height int) {
	const croppedSize, fullSize = 0x111, 0x100
	f := fields{b: readAll(r, 64<<10)}
	for n := f.uint(4); n > 0 && n < 256 && !f.over; n-- {
		tag, size := f.uint(2), int(f.uint(2))
		if len(f.b) < size {
			return width, height
		}
		value := fields{b: f.b[:size]}
		f.b = f.b[size:]
		if tag == croppedSize || tag == fullSize && width == 0 {
			height, width = int(value.uint(2)), int(value.uint(2))
		}
	}
	return width, height
}

// readCR3 reads the three TIFFs in which a Canon CR3 keeps what other files keep
// in three directories of one (https://github.com/lclevy/canon_cr3), and its size.
func readCR3(r *io.SectionReader, t *tags) {
	const canonUUID = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	for b := range boxes(find(r, "moov")) {
		if b.kind == "uuid" && readString(b.body, 0, 16) == canonUUID {
			t.addCanonBoxes(after(b.body, 16))
		}
	}
	for b := range boxes(r) {
		if b.kind == "uuid" {
			t.addUUID(b.body)
			t.addCanonPreview(b.body)
		}
	}
}

// addCanonPreview notes the JPEG in the preview box of a CR3: a box with its size in
// pixels and in bytes before it.
func (t *tags) addCanonPreview(body *io.SectionReader) {
	const previewUUID = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"
	if readString(body, 0, 16) != previewUUID {
		return
	}
	for b := range boxes(after(body, 24)) {
		if b.kind == "PRVW" {
			t.addJPEG(after(b.body, 16))
		}
	}
}

func (t *tags) addCanonBoxes(r *io.SectionReader) {
	for b := range boxes(r) {
		switch b.kind {
		case "CMT1":
			t.addEXIF(b.body, mainDirectory)
		case "CMT2":
			t.addEXIF(b.body, exifDirectory)
		case "CMT4":
			t.addEXIF(b.body, gpsDirectory)
		}
	}
}

// readMRW reads Minolta's raw file: blocks, one of which is a TIFF and one of which
// has the size.
func readMRW(r *io.SectionReader, t *tags) {
	head := readString(r, 4, 4)
	if len(head) < 4 {
		return
	}
	end := 8 + int64(binary.BigEndian.Uint32([]byte(head)))
	at := int64(8)
	for range 64 {
		b := readString(r, at, 8)
		if len(b) < 8 || at >= end {
			return
		}
		size := int64(binary.BigEndian.Uint32([]byte(b[4:])))
		body := io.NewSectionReader(r, at+8, min(size, max(r.Size()-at-8, 0)))
		switch b[:4] {
		case "\x00PRD":
			if p := readString(body, 12, 4); len(p) == 4 {
				t.setSize(int(binary.BigEndian.Uint16([]byte(p[2:]))), int(binary.BigEndian.Uint16([]byte(p))))
			}
		case "\x00TTW":
			t.addEXIF(body, mainDirectory)
		}
		at += 8 + size
	}
}

// readCRW reads Canon's older raw file: a heap whose directory stands at its end
// (Canon, CIFF Specification 1.0).
func readCRW(r *io.SectionReader, t *tags) {
	r, record := cutCanonRecord(r)
	t.addCanonRecord(record)
	head := readString(r, 0, 14)
	if len(head) < 14 {
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	start := int64(order.Uint32([]byte(head[2:])))
	if start < r.Size() {
		t.addHeap(io.NewSectionReader(r, start, r.Size()-start), order, 0)
	}
}

// cutCanonRecord splits a file and the record that Canon's programs and exiftool append to it. The record is nil if
// there is none.
func cutCanonRecord(r *io.SectionReader) (file, record *io.SectionReader) {
	const mark, headSize, footSize = "CANON OPTIONAL DATA\x00", 28, 64
	foot := readString(r, r.Size()-footSize, len(mark)+4)
	if len(foot) < len(mark)+4 || foot[:len(mark)] != mark {
		return r, nil
	}
	size := int64(binary.BigEndian.Uint32([]byte(foot[len(mark):])))
	at := r.Size() - footSize - size - headSize
	if readString(r, at, len(mark)) != mark {
		return r, nil
	}
	return io.NewSectionReader(r, 0, at), io.NewSectionReader(r, at+headSize, size)
}

// addCanonRecord reads the XMP in such a record: blocks of type, size and content.
func (t *tags) addCanonRecord(r *io.SectionReader) {
	const xmpBlock, maxBlocks = 0xffff00f6, 16
	for at, n := int64(0), 0; r != nil && n < maxBlocks; n++ {
		f := fields{b: []byte(readString(r, at, 8))}
		kind, size := f.uint(4), int64(f.uint(4))
		if f.over {
			return
		}
		if kind == xmpBlock {
			t.addXMP(io.NewSectionReader(r, at+8, min(size, r.Size()-at-8)))
		}
		at += 8 + size
	}
}

// addHeap reads one heap and those inside it.
func (t *tags) addHeap(r *io.SectionReader, order binary.ByteOrder, depth int) {
	const (
		maxDepth  = 8
		typeMask  = 0x3800
		heaps1    = 0x2800
		heaps2    = 0x3000
		inEntry   = 0x4000
		makeModel = 0x080a
		jpeg      = 0x2007
		imageInfo = 0x1810
		timeTaken = 0x180e
	)
	end := readString(r, r.Size()-4, 4)
	if len(end) < 4 || depth > maxDepth {
		return
	}
	at := int64(order.Uint32([]byte(end)))
	count := readString(r, at, 2)
	if len(count) < 2 {
		return
	}
	entries := readAll(after(r, at+2), 10*int64(min(order.Uint16([]byte(count)), 512)))
	for ; len(entries) >= 10; entries = entries[10:] {
		tag, size, from := order.Uint16(entries), int64(order.Uint32(entries[2:])), int64(order.Uint32(entries[6:]))
		if tag&inEntry != 0 || from+size > r.Size() {
			continue
		}
		body := io.NewSectionReader(r, from, size)
		switch kind := tag & typeMask; {
		case kind == heaps1 || kind == heaps2:
			t.addHeap(body, order, depth+1)
		case tag == jpeg:
			t.addJPEG(body)
		case tag == makeModel:
			maker, rest := cString(readAll(body, 256))
			model, _ := cString([]byte(rest))
			t.camera = camera(maker, model)
		case tag == imageInfo:
			t.addCanonInfo(readAll(body, 16), order)
		case tag == timeTaken:
			if b := readAll(body, 4); len(b) == 4 && order.Uint32(b) > 0 {
				t.addDate(plausible(photo.AtWallClock(time.Unix(int64(order.Uint32(b)), 0).UTC())))
			}
		}
	}
}

// addCanonInfo reads width, height and the turn in degrees.
func (t *tags) addCanonInfo(b []byte, order binary.ByteOrder) {
	if len(b) < 16 {
		return
	}
	t.setSize(int(order.Uint32(b)), int(order.Uint32(b[4:])))
	switch int32(order.Uint32(b[12:])) {
	case 90:
		t.turn = 6
	case 180:
		t.turn = 3
	case 270, -90:
		t.turn = 8
	}
}

// readX3F reads Sigma's raw file: a header with the size, and sections that a
// directory at the end lists; properties and a JPEG are among them.
func readX3F(r *io.SectionReader, t *tags) {
	u32 := binary.LittleEndian.Uint32
	head := []byte(readString(r, 0, 40))
	if len(head) < 40 {
		return
	}
	width, height := int(u32(head[28:])), int(u32(head[32:]))
	if turn := u32(head[36:]); turn == 90 || turn == 270 {
		width, height = height, width
	}
	t.displayed = true
	t.setSize(width, height)
	end := readString(r, r.Size()-4, 4)
	if len(end) < 4 {
		return
	}
	at := int64(u32([]byte(end)))
	list := []byte(readString(r, at, 12))
	if len(list) < 12 || string(list[:4]) != "SECd" {
		return
	}
	entries := readAll(after(r, at+12), 12*int64(min(u32(list[8:]), 64)))
	for ; len(entries) >= 12; entries = entries[12:] {
		t.addX3F(string(entries[8:12]), io.NewSectionReader(r, int64(u32(entries)), int64(u32(entries[4:]))))
	}
}

func (t *tags) addX3F(kind string, r *io.SectionReader) {
	const jpegFormat = 18
	switch kind {
	case "PROP":
		t.addProperties(readAll(r, 256<<10))
	case "IMA2", "IMAG":
		if b := []byte(readString(r, 12, 4)); len(b) == 4 && binary.LittleEndian.Uint32(b) == jpegFormat {
			t.addPreview(after(r, 28))
		}
	}
}

// addProperties reads pairs of offsets to names and values, in UTF-16.
func (t *tags) addProperties(b []byte) {
	u32 := binary.LittleEndian.Uint32
	if len(b) < 24 {
		return
	}
	n := int(min(u32(b[8:]), 1024))
	texts := 24 + 8*n
	if len(b) < texts {
		return
	}
	text := func(at uint32) string {
		if from := texts + 2*int(at); from < len(b) {
			return utf16LE(b[from:])
		}
		return ""
	}
	properties := map[string]string{}
	for i := range n {
		properties[text(u32(b[24+8*i:]))] = text(u32(b[28+8*i:]))
	}
	t.camera = camera(properties["CAMMANUF"], properties["CAMMODEL"])
	if seconds, err := strconv.ParseInt(strings.TrimSpace(properties["TIME"]), 10, 64); err == nil && seconds > 0 {
		t.addDate(plausible(photo.AtWallClock(time.Unix(seconds, 0).UTC())))
	}
}
