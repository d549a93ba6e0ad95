package metadata

import (
	"encoding/binary"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"photos/internal/photo"
	"photos/internal/xmp"
)

// Tags of EXIF (EXIF 2.32, sections 4.6.4 to 4.6.6) and TIFF that are used.
const (
	tagDescription     = 0x010e
	tagMake            = 0x010f
	tagModel           = 0x0110
	tagOrientation     = 0x0112
	tagSoftware        = 0x0131
	tagModified        = 0x0132
	tagExposureTime    = 0x829a
	tagFNumber         = 0x829d
	tagISO             = 0x8827
	tagSensitivity     = 0x8831 // StandardOutputSensitivity
	tagRecommendedISO  = 0x8832
	tagTaken           = 0x9003 // DateTimeOriginal
	tagDigitized       = 0x9004
	tagOffset          = 0x9010
	tagOffsetTaken     = 0x9011
	tagOffsetDigitized = 0x9012
	tagShutterSpeed    = 0x9201
	tagApertureValue   = 0x9202
	tagFocalLength     = 0x920a
	tagFraction        = 0x9290
	tagFractionTaken   = 0x9291
	tagFractionDigit   = 0x9292
	tagColorSpace      = 0xa001
	tagExifWidth       = 0xa002
	tagExifHeight      = 0xa003
	tagLensModel       = 0xa434
	tagXPTitle         = 0x9c9b
	tagXPComment       = 0x9c9c
	tagXPSubject       = 0x9c9f
	tagCropSize        = 0xc620 // DNG 1.6, DefaultCropSize
	tagInteropIndex    = 0x0001 // in the interoperability directory

	gpsLatitudeRef  = 1
	gpsLatitude     = 2
	gpsLongitudeRef = 3
	gpsLongitude    = 4
	gpsTime         = 7
	gpsDate         = 29
)

// maxPackets is how many XMP packets of one file are parsed, and maxBlocks the
// same for EXIF and IPTC blocks.
const (
	maxPackets = 4
	maxBlocks  = 16
)

// tags gathers what the metadata blocks of one file say. When several blocks give
// a value for the same property, the first one counts: a later one describes a
// thumbnail or an edit.
type tags struct {
	exif []*tiff
	xmp  []xmp.Packet
	iptc iptc

	// What the container itself says.
	width, height int  // 0 when it does not say
	displayed     bool // the size has any turn and crop applied already
	turn          int  // as EXIF counts orientations; 0 when it does not say
	position      *photo.Position
	camera        string
	lensModel     string
	dates         []photo.Moment // the best first
	captions      []string       // the best first
	duration      time.Duration
	tracks        int  // of a video, as far as it names them
	pictures      bool // one of them may hold pictures

	orientation int       // read when the tags are filled in
	previews    []stretch // JPEGs inside the file

	// What decoders want to know of the colors.
	profile             profile
	primaries, transfer int // ITU-T H.273
	gamma               float64
}

// addEXIF reads an EXIF block. Some programs write it with the name that JPEG
// needs in front ("Exif" and two NUL bytes) although the container does not.
func (t *tags) addEXIF(r *io.SectionReader, root directory) {
	if len(t.exif) >= maxBlocks {
		return
	}
	if readString(r, 0, 4) == "Exif" {
		r = after(r, 6)
	}
	block := openTIFF(r, root)
	if block == nil {
		return
	}
	t.exif = append(t.exif, block)
	for _, jpeg := range block.jpegs {
		t.addJPEG(jpeg)
	}
	t.addEmbedded(block)
}

// addEmbedded reads the XMP, IPTC and Photoshop blocks inside a TIFF, and notes its ICC profile.
func (t *tags) addEmbedded(block *tiff) {
	if r := block.fields[key{mainDirectory, tagXMP}].section(); r != nil {
		t.addXMP(r)
	}
	if r := block.fields[key{mainDirectory, tagIPTC}].section(); r != nil {
		t.addIPTC(readAll(r, maxIPTC))
	}
	if r := block.fields[key{mainDirectory, tagPhotoshop}].section(); r != nil {
		t.addPhotoshop(r)
	}
	if r := block.fields[key{mainDirectory, tagProfile}].section(); len(t.profile.parts) == 0 {
		t.addProfile(r)
	}
}

func (t *tags) addXMP(r *io.SectionReader) {
	if len(t.xmp) >= maxPackets {
		return
	}
	if p, _ := xmp.Parse(readAll(r, xmp.MaxSize)); len(p) > 0 {
		t.xmp = append(t.xmp, p)
	}
}

func (t *tags) addIPTC(b []byte) {
	if t.iptc == nil {
		t.iptc = iptc{}
	}
	t.iptc.add(parseIPTC(b))
}

func (t *tags) addCaption(text string) {
	if text = strings.TrimSpace(text); text != "" && len(t.captions) < maxBlocks {
		t.captions = append(t.captions, text)
	}
}

func (t *tags) addDate(m photo.Moment) {
	if !m.IsZero() && len(t.dates) < maxBlocks {
		t.dates = append(t.dates, m)
	}
}

// setSize records what the container says of its size in pixels; the first counts.
func (t *tags) setSize(width, height int) {
	if t.width == 0 && plausibleSize(width, height) {
		t.width, t.height = width, height
	}
}

// setDuration records how long a video is. Videos of zero length, and of a year and
// more, do not exist.
func (t *tags) setDuration(seconds float64) {
	const year = 366 * 24 * 60 * 60
	if t.duration == 0 && seconds > 0 && seconds < year {
		t.duration = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	}
}

// addTrack notes a track of a video. Only one that is known to be of another kind, such as sound,
// does not count as one of pictures.
func (t *tags) addTrack(pictures bool) {
	t.tracks++
	t.pictures = t.pictures || pictures
}

// soundOnly reports whether a file has tracks and none of them holds pictures.
func (t *tags) soundOnly() bool { return t.tracks > 0 && !t.pictures }

// plausibleSize reports whether a picture may have this size.
func plausibleSize(width, height int) bool {
	const maxSide = 1 << 20
	return width > 0 && height > 0 && width <= maxSide && height <= maxSide
}

// field is the first value of a tag in this directory.
func (t *tags) field(in directory, tag uint16) field {
	for _, block := range t.exif {
		if f, has := block.fields[key{in, tag}]; has {
			return f
		}
	}
	return field{}
}

// text is the first text of a tag that is not blank.
func (t *tags) text(in directory, tag uint16) string {
	for _, block := range t.exif {
		if text := block.fields[key{in, tag}].text(); text != "" {
			return text
		}
	}
	return ""
}

// property is the first text of an XMP property that is not blank.
func (t *tags) property(space, name string) string {
	for _, p := range t.xmp {
		if text := p.Text(space, name); text != "" {
			return text
		}
	}
	return ""
}

// utf16Text is the text of one of the tags that Windows adds (XPTitle and its like).
func (t *tags) utf16Text(tag uint16) string {
	return utf16LE(t.field(mainDirectory, tag).bytes(maxValueSize))
}

// utf16LE decodes little-endian UTF-16 up to its first NUL.
func utf16LE(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return strings.TrimSpace(string(utf16.Decode(units)))
}

// readAll reads r, at most limit bytes of it.
func readAll(r *io.SectionReader, limit int64) []byte {
	b := make([]byte, max(min(r.Size(), limit), 0))
	n, _ := r.ReadAt(b, 0)
	return b[:n]
}

// latin1 decodes text that is not UTF-8 as Windows-1252, the superset of Latin-1
// that programs write. It returns "" for bytes that this makes nonsense of: text
// in another character set has no plain letters, or hardly any.
func latin1(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, odd := decode1252(s)
	if odd*3 > len(s) {
		return ""
	}
	return text
}
