package metadata

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// Limits of one TIFF structure. Real files have a few hundred entries; the rest
// of the budget is the guard's.
const (
	maxDirectories = 64
	maxEntries     = 4096
	maxValueSize   = 64 << 10 // bytes of one value
)

// A directory says what the tags of a TIFF directory mean.
type directory int

// The directories of a picture (EXIF 2.32, section 4.6.3). other is one that only
// tells the size of an image.
const (
	mainDirectory directory = iota
	exifDirectory
	gpsDirectory
	interopDirectory
	otherDirectory
)

// Tags that lead to other directories and blocks.
const (
	tagSubIFDs      = 0x014a
	tagXMP          = 0x02bc
	tagIPTC         = 0x83bb
	tagPhotoshop    = 0x8649
	tagExifPointer  = 0x8769
	tagGPSPointer   = 0x8825
	tagKodakPointer = 0x8290 // a directory of Kodak's own, in KDC files
	tagProfile      = 0x8773 // ICC profile
	tagInterop      = 0xa005 // the interoperability directory
)

// A field is one entry of a directory. Its value is read when it is asked for.
type field struct {
	kind  uint16
	count int64
	value []byte // the value itself when it fits into the entry
	at    int64  // where the value lies otherwise
	in    *tiff
}

// key names a field: numbers mean different things in different directories.
type key struct {
	in  directory
	tag uint16
}

// An imageSize is what one directory says of the image that it describes.
type imageSize struct {
	width, height int
	reduced       bool // a preview of another image (TIFF 6.0, NewSubfileType)
}

// A tiff is a structure of directories: a TIFF, a BigTIFF, the EXIF block of
// another format, or a raw file with a number of its own where TIFF has 42.
//
// It is read as exiftool reads it: an entry of an unknown type, a value out of
// reach or a directory in a circle costs itself only.
type tiff struct {
	r       *io.SectionReader
	size    int64
	order   binary.ByteOrder
	big     bool // BigTIFF: offsets and counts of 8 bytes
	fields  map[key]field
	images  []imageSize         // in the order of their directories
	crop    []float64           // DefaultCropSize of a DNG: width, height
	jpegs   []*io.SectionReader // images that are JPEGs as a whole
	visited map[int64]bool
	entries int
}

// openTIFF reads the header at the start of r and all directories; nil when it is
// not a TIFF. The first directory counts as root.
func openTIFF(r *io.SectionReader, root directory) *tiff {
	var head [16]byte
	n, _ := r.ReadAt(head[:], 0)
	if n < 8 {
		return nil
	}
	t := &tiff{r: r, size: r.Size(), fields: map[key]field{}, visited: map[int64]bool{}}
	switch string(head[:2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return nil
	}
	const bigTIFF = 43
	first := int64(t.order.Uint32(head[4:]))
	if t.order.Uint16(head[2:]) == bigTIFF && n == len(head) {
		t.big = true
		first = t.offset(head[8:])
	}
	for range maxDirectories {
		if first = t.directory(first, root); first == 0 {
			break
		}
		root = otherDirectory
	}
	return t
}

// offset is an unsigned number of 4 bytes, or 8 in a BigTIFF; -1 beyond any file.
func (t *tiff) offset(b []byte) int64 {
	if !t.big {
		return int64(t.order.Uint32(b))
	}
	if n := t.order.Uint64(b); n <= math.MaxInt64 {
		return int64(n)
	}
	return -1
}

// layout is the size in bytes of the parts of a directory.
func (t *tiff) layout() (count, entry, offset int64) {
	if t.big {
		return 8, 20, 8
	}
	return 2, 12, 4
}

// directory reads the directory at this offset and those below it, and returns
// the offset of the next, 0 at the end.
func (t *tiff) directory(at int64, kind directory) (next int64) {
	if at <= 0 || at >= t.size || t.visited[at] || len(t.visited) >= maxDirectories {
		return 0
	}
	t.visited[at] = true
	countSize, entrySize, offsetSize := t.layout()
	var b [8]byte
	if _, err := t.r.ReadAt(b[:countSize], at); err != nil {
		return 0
	}
	n := int64(t.order.Uint16(b[:]))
	if t.big {
		n = t.offset(b[:])
	}
	n = max(min(n, int64(maxEntries-t.entries)), 0)
	raw := make([]byte, n*entrySize+offsetSize)
	have, _ := t.r.ReadAt(raw, at+countSize)
	t.entries += int(n)
	found := make(map[uint16]field)
	for i := int64(0); i < n && (i+1)*entrySize <= int64(have); i++ {
		t.entry(raw[i*entrySize:(i+1)*entrySize], found)
	}
	t.keep(kind, found)
	if have == len(raw) {
		next = t.offset(raw[n*entrySize:])
	}
	return next
}

// entry parses one entry. An entry of an unknown type or a value beyond the end of
// the file is left out.
func (t *tiff) entry(b []byte, found map[uint16]field) {
	tag, kind := t.order.Uint16(b), t.order.Uint16(b[2:])
	count, value := t.offset(b[4:]), b[8:]
	if t.big {
		value = b[12:]
	}
	size := sizeOf(kind)
	if size == 0 || count < 0 || count > math.MaxInt64/size {
		return
	}
	if _, has := found[tag]; has {
		return
	}
	f := field{kind: kind, count: count, in: t}
	if count*size <= int64(len(value)) {
		f.value = bytes.Clone(value[:count*size])
	} else if f.at = t.offset(value); f.at <= 0 || f.at >= t.size {
		return
	}
	found[tag] = f
}

// keep files what a directory said, and goes on with those that it points to.
func (t *tiff) keep(kind directory, found map[uint16]field) {
	t.addImage(found)
	t.addJPEGs(found)
	for tag, f := range found {
		if kind == otherDirectory {
			break
		}
		if _, has := t.fields[key{kind, tag}]; !has {
			t.fields[key{kind, tag}] = f
		}
	}
	for _, p := range []struct {
		tag  uint16
		kind directory
	}{{tagExifPointer, exifDirectory}, {tagGPSPointer, gpsDirectory}, {tagInterop, interopDirectory}, {tagKodakPointer, otherDirectory}, {tagSubIFDs, otherDirectory}} {
		if kind == otherDirectory && p.kind != otherDirectory {
			continue
		}
		for _, at := range found[p.tag].ints(maxDirectories) {
			t.directory(at, p.kind)
		}
	}
}

func (t *tiff) addImage(found map[uint16]field) {
	const (
		tagSubfileType = 0x00fe
		tagWidth       = 0x0100
		tagHeight      = 0x0101
	)
	s := imageSize{width: found[tagWidth].int(), height: found[tagHeight].int(), reduced: found[tagSubfileType].int()&1 != 0}
	if plausibleSize(s.width, s.height) {
		t.images = append(t.images, s)
	}
	if crop := found[tagCropSize].floats(2); len(crop) == 2 && !s.reduced {
		t.crop = crop
	}
}

// addJPEGs notes the JPEG of a directory: a preview in the place that EXIF has for
// thumbnails (4.6.3), an image in one strip (TIFF Technical Note 2), or the value of
// Panasonic's tag.
func (t *tiff) addJPEGs(found map[uint16]field) {
	const (
		tagStrips, tagStripSizes = 0x0111, 0x0117
		tagJPEG, tagJPEGSize     = 0x0201, 0x0202
		tagPanasonicJPEG         = 0x002e
	)
	for _, p := range [][2]uint16{{tagJPEG, tagJPEGSize}, {tagStrips, tagStripSizes}} {
		at, size := found[p[0]].ints(2), found[p[1]].ints(2)
		if len(at) == 1 && len(size) == 1 && at[0] > 0 && size[0] > 0 && at[0] < t.size {
			t.jpegs = append(t.jpegs, io.NewSectionReader(t.r, at[0], min(size[0], t.size-at[0])))
		}
	}
	if r := found[tagPanasonicJPEG].section(); r != nil {
		t.jpegs = append(t.jpegs, r)
	}
}

// fullSize is the size of the image proper: in a raw file the largest that is not
// a preview, else the first.
func (t *tiff) fullSize(raw bool) imageSize {
	var best imageSize
	for _, s := range t.images {
		if s.reduced {
			continue
		}
		if best.width == 0 || raw && s.width*s.height > best.width*best.height {
			best = s
		}
	}
	if best.width == 0 && len(t.images) > 0 {
		best = t.images[0]
	}
	return best
}

// The types of TIFF 6.0, section 2, and BigTIFF.
const (
	typeByte      = 1
	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeSByte     = 6
	typeUndefined = 7
	typeSShort    = 8
	typeSLong     = 9
	typeSRational = 10
	typeFloat     = 11
	typeDouble    = 12
	typeIFD       = 13
	typeLong8     = 16
	typeSLong8    = 17
	typeIFD8      = 18
)

// sizeOf is the size in bytes of one element of a type, 0 for an unknown type.
func sizeOf(kind uint16) int64 {
	switch kind {
	case typeByte, typeASCII, typeSByte, typeUndefined:
		return 1
	case typeShort, typeSShort:
		return 2
	case typeLong, typeSLong, typeFloat, typeIFD:
		return 4
	case typeRational, typeSRational, typeDouble, typeLong8, typeSLong8, typeIFD8:
		return 8
	}
	return 0
}

// bytes reads the value, at most limit bytes of it.
func (f field) bytes(limit int64) []byte {
	if f.in == nil {
		return nil
	}
	size := min(f.count*sizeOf(f.kind), limit)
	if f.value != nil || f.at == 0 {
		return f.value[:min(size, int64(len(f.value)))]
	}
	b := make([]byte, min(size, f.in.size-f.at))
	n, _ := f.in.r.ReadAt(b, f.at)
	return b[:n]
}

// section is where the value lies in the file; nil when it fits into the entry.
func (f field) section() *io.SectionReader {
	if f.in == nil || f.value != nil {
		return nil
	}
	return io.NewSectionReader(f.in.r, f.at, f.count*sizeOf(f.kind))
}

// onward is the file from where the value lies; nil when it fits into the entry.
func (f field) onward() *io.SectionReader {
	if f.in == nil || f.value != nil {
		return nil
	}
	return io.NewSectionReader(f.in.r, f.at, f.in.size-f.at)
}

// text is a value of characters up to its first NUL, trimmed.
func (f field) text() string {
	if sizeOf(f.kind) != 1 {
		return ""
	}
	b, _, _ := bytes.Cut(f.bytes(maxValueSize), []byte{0})
	return strings.TrimSpace(string(b))
}

// ints are the first whole numbers of a value, whatever their width.
func (f field) ints(limit int64) []int64 {
	size := sizeOf(f.kind)
	if size == 0 {
		return nil
	}
	b := f.bytes(limit * size)
	var out []int64
	for ; int64(len(b)) >= size; b = b[size:] {
		n, ok := f.whole(b)
		if !ok {
			return nil
		}
		out = append(out, n)
	}
	return out
}

func (f field) whole(b []byte) (int64, bool) {
	switch order := f.in.order; f.kind {
	case typeByte, typeUndefined:
		return int64(b[0]), true
	case typeSByte:
		return int64(int8(b[0])), true
	case typeShort:
		return int64(order.Uint16(b)), true
	case typeSShort:
		return int64(int16(order.Uint16(b))), true
	case typeLong, typeIFD:
		return int64(order.Uint32(b)), true
	case typeSLong:
		return int64(int32(order.Uint32(b))), true
	case typeLong8, typeSLong8, typeIFD8:
		return int64(order.Uint64(b)), true
	}
	return 0, false
}

// int is the first whole number of a value, 0 without one.
func (f field) int() int {
	if n := f.ints(1); len(n) > 0 {
		return int(n[0])
	}
	return 0
}

// floats are the first numbers of a value of any type; a fraction of 0/0, and one
// divided by zero, is not a number.
func (f field) floats(limit int64) []float64 {
	size := sizeOf(f.kind)
	if size == 0 {
		return nil
	}
	b := f.bytes(limit * size)
	var out []float64
	for ; int64(len(b)) >= size; b = b[size:] {
		out = append(out, f.float(b))
	}
	return out
}

func (f field) float(b []byte) float64 {
	switch order := f.in.order; f.kind {
	case typeRational:
		return fraction(float64(order.Uint32(b)), float64(order.Uint32(b[4:])))
	case typeSRational:
		return fraction(float64(int32(order.Uint32(b))), float64(int32(order.Uint32(b[4:]))))
	case typeFloat:
		return float64(math.Float32frombits(order.Uint32(b)))
	case typeDouble:
		return math.Float64frombits(order.Uint64(b))
	}
	if n, ok := f.whole(b); ok {
		return float64(n)
	}
	return math.NaN()
}

func fraction(numerator, denominator float64) float64 {
	if denominator == 0 {
		return math.NaN()
	}
	return numerator / denominator
}
