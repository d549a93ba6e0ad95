package metadata

import (
	"encoding/binary"
	"io"
	"strings"
)

// maxItems is how many items of a HEIF are looked at. A picture of 200 megapixels
// consists of some 800 tiles.
const maxItems = 1 << 16

// readHEIF reads the items of a HEIF or AVIF (ISO/IEC 23008-12, section 6, and
// 14496-12, section 8.11): the primary item's size, and the EXIF and XMP items.
func readHEIF(r *io.SectionReader, t *tags) {
	if mvhd := find(r, "moov", "mvhd"); mvhd != nil { // of a sequence or a burst
		t.addDate(movieCreation(mvhd))
	}
	meta := find(r, "meta")
	if meta == nil {
		return
	}
	t.displayed = true // by its properties; the EXIF orientation only repeats them
	meta = after(meta, 4)
	primary := primaryItem(find(meta, "pitm"))
	properties := itemProperties(find(meta, "iprp"), primary)
	t.setSize(itemSize(properties))
	if ispe := find(meta, "iprp", "ipco", "ispe"); ispe != nil { // of a damaged file, the first size
		t.setSize(box{"ispe", ispe}.resize(0, 0))
	}
	for _, p := range properties {
		if p.kind == "colr" {
			t.addColors(p.body)
		}
	}
	locations := itemLocations(r, find(meta, "iloc"), find(meta, "idat"), metadataItems(find(meta, "iinf")))
	for _, item := range locations {
		switch item.kind {
		case "Exif": // the offset of the TIFF header stands before it (23008-12, A.2.1)
			if b := readString(item.body, 0, 4); len(b) == 4 {
				t.addEXIF(after(item.body, 4+int64(binary.BigEndian.Uint32([]byte(b)))), mainDirectory)
			}
		case "mime":
			t.addXMP(item.body)
		}
	}
}

// An item of a HEIF that holds metadata.
type item struct {
	id   uint32
	kind string
	body *io.SectionReader
}

func primaryItem(pitm *io.SectionReader) uint32 {
	if pitm == nil {
		return 0
	}
	b := fields{b: readAll(pitm, 8)}
	version := b.uint(4) >> 24
	if version == 0 {
		return uint32(b.uint(2))
	}
	return uint32(b.uint(4))
}

// fields reads numbers from the left of a box; beyond its end they are 0.
type fields struct {
	b    []byte
	over bool // a number beyond the end was asked for
}

// uint is the next number of this many bytes, in big-endian order.
func (f *fields) uint(size int) uint64 {
	if len(f.b) < size {
		f.b, f.over = nil, true
		return 0
	}
	var n uint64
	for _, c := range f.b[:size] {
		n = n<<8 | uint64(c)
	}
	f.b = f.b[size:]
	return n
}

// metadataItems lists the items that hold EXIF or XMP (8.11.6, ItemInfoBox).
func metadataItems(iinf *io.SectionReader) map[uint32]string {
	found := map[uint32]string{}
	if iinf == nil {
		return found
	}
	skip := int64(6)
	if readString(iinf, 0, 1) != "\x00" {
		skip = 8
	}
	n := 0
	for b := range boxes(after(iinf, skip)) {
		if n++; n > maxItems {
			break
		}
		if b.kind != "infe" {
			continue
		}
		f := fields{b: readAll(b.body, 64)}
		version := f.uint(4) >> 24
		id := uint32(f.uint(2))
		if version == 3 {
			id = id<<16 | uint32(f.uint(2))
		}
		f.uint(2) // protection
		kind := f.uint(4)
		switch name := string(binary.BigEndian.AppendUint32(nil, uint32(kind))); {
		case name == "Exif", name == "mime" && isXMP(string(f.b)):
			found[id] = name
		}
	}
	return found
}

// isXMP reports whether an item's name and content type are those of XMP. Cameras
// leave the name empty.
func isXMP(nameAndType string) bool {
	_, contentType := cString([]byte(nameAndType))
	contentType, _ = cString([]byte(contentType))
	return contentType == "application/rdf+xml"
}

// cString is the text up to the first NUL, and what comes behind it.
func cString(b []byte) (text, rest string) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), string(b[i+1:])
		}
	}
	return string(b), ""
}

// itemLocations finds the bytes of these items (8.11.3, ItemLocationBox). An item
// in several extents is read up to the end of its first.
func itemLocations(file, iloc, idat *io.SectionReader, wanted map[uint32]string) []item {
	if iloc == nil || len(wanted) == 0 {
		return nil
	}
	f := fields{b: readAll(iloc, 4<<20)}
	version := f.uint(4) >> 24
	sizes := f.uint(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexSize = 0
	}
	wide := 2
	if version == 2 {
		wide = 4
	}
	var found []item
	for n := f.uint(wide); n > 0 && !f.over && len(found) < maxBlocks; n-- {
		id := uint32(f.uint(wide))
		method := uint64(0)
		if version > 0 {
			method = f.uint(2) & 15
		}
		f.uint(2) // data reference
		base := f.uint(baseSize)
		extents := f.uint(2)
		if extents > 0 && offsetSize+lengthSize+indexSize == 0 {
			return found // billions of extents in no bytes at all
		}
		for i := range extents {
			f.uint(indexSize)
			offset, length := f.uint(offsetSize), f.uint(lengthSize)
			if f.over {
				return found
			}
			if kind := wanted[id]; kind != "" && i == 0 {
				found = appendItem(found, item{id: id, kind: kind}, file, idat, method, base+offset, length)
			}
		}
	}
	return found
}

// appendItem adds an item whose bytes lie in the file (method 0) or in the idat
// box (method 1).
func appendItem(found []item, i item, file, idat *io.SectionReader, method, at, length uint64) []item {
	in := file
	if method == 1 {
		in = idat
	}
	if in == nil || method > 1 || at >= uint64(in.Size()) {
		return found
	}
	if rest := uint64(in.Size()) - at; length == 0 || length > rest {
		length = rest
	}
	i.body = io.NewSectionReader(in, int64(at), int64(length))
	return append(found, i)
}

// itemProperties are the properties of an item in their order (8.11.14).
func itemProperties(iprp *io.SectionReader, id uint32) []box {
	ipco := find(iprp, "ipco")
	if ipco == nil {
		return nil
	}
	var all, own []box
	for b := range boxes(ipco) {
		if all = append(all, b); len(all) >= 1<<15 {
			break
		}
	}
	for _, number := range associations(find(iprp, "ipma"), id) {
		if number >= 1 && number <= len(all) {
			own = append(own, all[number-1])
		}
	}
	return own
}

// itemSize is the size of an item as displayed: its extents, cropped and turned by
// its properties in their order (23008-12, 6.5.3, 6.5.9, 6.5.10).
func itemSize(properties []box) (width, height int) {
	for _, kinds := range []string{"ispe", "clap irot"} { // some cameras list the turn first
		for _, p := range properties {
			if strings.Contains(kinds, p.kind) {
				width, height = p.resize(width, height)
			}
		}
	}
	return width, height
}

// resize is the size after a property has changed it.
func (b box) resize(width, height int) (newWidth, newHeight int) {
	f := fields{b: readAll(b.body, 32)}
	switch b.kind {
	case "ispe":
		f.uint(4)
		return int(f.uint(4)), int(f.uint(4))
	case "irot":
		if f.uint(1)&1 == 1 {
			return height, width
		}
	case "clap":
		w, wd, h, hd := f.uint(4), f.uint(4), f.uint(4), f.uint(4)
		if wd == 0 || hd == 0 || w/wd == 0 || h/hd == 0 || w/wd > uint64(width) || h/hd > uint64(height) {
			return width, height // not a clean aperture
		}
		return int(w / wd), int(h / hd)
	}
	return width, height
}

// associations are the numbers, from 1, of an item's properties (8.11.14).
func associations(ipma *io.SectionReader, id uint32) []int {
	if ipma == nil {
		return nil
	}
	f := fields{b: readAll(ipma, 4<<20)}
	head := f.uint(4)
	version, large := head>>24, head&1 == 1
	for n := f.uint(4); n > 0 && !f.over; n-- {
		idSize := 2
		if version >= 1 {
			idSize = 4
		}
		item := uint32(f.uint(idSize))
		numbers := make([]int, f.uint(1))
		for i := range numbers {
			if large {
				numbers[i] = int(f.uint(2) & 0x7fff)
			} else {
				numbers[i] = int(f.uint(1) & 0x7f)
			}
		}
		if item == id {
			return numbers
		}
	}
	return nil
}
