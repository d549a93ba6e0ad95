package picture

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// HeadSize is how many bytes of a file's start Sniff wants. Fewer are fine when
// the file is shorter, or when telling the kinds of RAW apart does not matter.
const HeadSize = 4096

// Media types the rest of the program asks for by name. RAW formats have no
// registered types; theirs are those of freedesktop.org's shared-mime-info.
const (
	JPEG      = "image/jpeg"
	PNG       = "image/png"
	GIF       = "image/gif"
	WebP      = "image/webp"
	HEIC      = "image/heic"
	HEIF      = "image/heif"
	AVIF      = "image/avif"
	TIFF      = "image/tiff"
	BMP       = "image/bmp"
	JXL       = "image/jxl"
	CR2       = "image/x-canon-cr2"
	CR3       = "image/x-canon-cr3"
	NEF       = "image/x-nikon-nef"
	ARW       = "image/x-sony-arw"
	RAF       = "image/x-fuji-raf"
	ORF       = "image/x-olympus-orf"
	RW2       = "image/x-panasonic-rw2"
	DNG       = "image/x-adobe-dng"
	PEF       = "image/x-pentax-pef"
	SRW       = "image/x-samsung-srw"
	CRW       = "image/x-canon-crw"
	MRW       = "image/x-minolta-mrw"
	X3F       = "image/x-sigma-x3f"
	IIQ       = "image/x-phaseone-iiq"
	MOS       = "image/x-leaf-mos"
	ThreeFR   = "image/x-hasselblad-3fr"
	DCR       = "image/x-kodak-dcr"
	KDC       = "image/x-kodak-kdc"
	ERF       = "image/x-epson-erf"
	ARI       = "image/x-arri-ari"
	PSD       = "image/vnd.adobe.photoshop"
	JP2       = "image/jp2"
	MP4       = "video/mp4"
	QuickTime = "video/quicktime"
	M4V       = "video/x-m4v"
	ThreeGP   = "video/3gpp"
	ThreeGP2  = "video/3gpp2"
	AVI       = "video/vnd.avi"
	Matroska  = "video/matroska"
	WebM      = "video/webm"
	MPEG      = "video/mpeg"
	MPEGTS    = "video/mp2t"
	WMV       = "video/x-ms-wmv"
	FLV       = "video/x-flv"
	Ogg       = "video/ogg"
	MXF       = "video/mxf"
)

// Sniff names the media type of the picture or video that head is the start of;
// ok is false for anything else, audio, documents and drawings (SVG, PDF)
// included. It looks at no more than HeadSize bytes, keeps none of them, and
// never panics.
func Sniff(head []byte) (mediaType string, ok bool) {
	head = head[:min(len(head), HeadSize)]
	for _, sniff := range []func([]byte) string{
		sniffSignature, sniffTIFF, sniffBoxes, sniffMatroska, sniffBMP, sniffTransportStream,
	} {
		if mediaType = sniff(head); mediaType != "" {
			return mediaType, true
		}
	}
	return "", false
}

// A signature is one or two fixed strings at fixed places that decide alone.
type signature struct {
	mediaType string
	start     string
	also      string // must follow at alsoAt
	alsoAt    int
}

func (s signature) matches(head []byte) bool {
	return hasAt(head, 0, s.start) && hasAt(head, s.alsoAt, s.also)
}

func sniffSignature(head []byte) string {
	for _, s := range [...]signature{
		{mediaType: JPEG, start: "\xff\xd8\xff"},
		{mediaType: PNG, start: "\x89PNG\r\n\x1a\n"},
		{mediaType: GIF, start: "GIF8", also: "7a", alsoAt: 4},
		{mediaType: GIF, start: "GIF8", also: "9a", alsoAt: 4},
		{mediaType: WebP, start: "RIFF", also: "WEBP", alsoAt: 8},
		{mediaType: AVI, start: "RIFF", also: "AVI ", alsoAt: 8},
		{mediaType: JXL, start: "\xff\x0a"},
		{mediaType: JXL, start: "\x00\x00\x00\x0cJXL \r\n\x87\n"},
		{mediaType: RAF, start: "FUJIFILMCCD-RAW "},
		{mediaType: ORF, start: "IIRO"},
		{mediaType: ORF, start: "IIRS"},
		{mediaType: ORF, start: "MMOR"},
		{mediaType: RW2, start: "IIU\x00"},
		{mediaType: CR2, start: "II*\x00", also: "CR\x02", alsoAt: 8},
		{mediaType: CRW, start: "II\x1a\x00\x00\x00HEAPCCDR"},
		{mediaType: MRW, start: "\x00MRM"},
		{mediaType: X3F, start: "FOVb"},
		{mediaType: ARI, start: "ARRI\x12\x34\x56\x78"},
		{mediaType: IIQ, start: "II*\x00", also: "IIII", alsoAt: 8},
		{mediaType: IIQ, start: "MM\x00*", also: "MMMMRaw", alsoAt: 8},
		{mediaType: PSD, start: "8BPS\x00\x01"},
		{mediaType: PSD, start: "8BPS\x00\x02"},
		{mediaType: JP2, start: "\x00\x00\x00\x0cjP  \r\n\x87\n"},
		{mediaType: JP2, start: "\xff\x4f\xff\x51"},
		{mediaType: WMV, start: "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"},
		{mediaType: FLV, start: "FLV\x01"},
		{mediaType: Ogg, start: "OggS", also: "\x80theora", alsoAt: 28},
		{mediaType: MXF, start: "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"},
		{mediaType: MPEG, start: "\x00\x00\x01\xba"}, // program stream, ISO/IEC 13818-1
		{mediaType: MPEG, start: "\x00\x00\x01\xb3"}, // video sequence, ISO/IEC 13818-2
	} {
		if s.matches(head) {
			return s.mediaType
		}
	}
	return ""
}

func hasAt(b []byte, at int, want string) bool {
	return len(b) >= at+len(want) && string(b[at:at+len(want)]) == want
}

// sniffBMP wants more than the two letters BM, with which texts begin too: one of
// the known sizes of the header that follows.
func sniffBMP(head []byte) string {
	const headerSize = 14
	if !hasAt(head, 0, "BM") || len(head) < headerSize+4 {
		return ""
	}
	switch binary.LittleEndian.Uint32(head[headerSize:]) {
	case 12, 40, 52, 56, 64, 108, 124: // OS/2 1, Windows 3 to 5, OS/2 2
		return BMP
	}
	return ""
}

// sniffMatroska finds the DocType of an EBML header (RFC 8794, section 11.2).
func sniffMatroska(head []byte) string {
	const docType = "\x42\x82"
	if !hasAt(head, 0, "\x1a\x45\xdf\xa3") {
		return ""
	}
	_, rest, found := bytes.Cut(head[:min(len(head), 64)], []byte(docType))
	if !found || len(rest) == 0 {
		return ""
	}
	// The size of the text is a number of one byte or more; the leading zeros of its
	// first byte tell how many follow.
	name := rest[min(1+bits.LeadingZeros8(rest[0]), len(rest)):]
	switch {
	case hasAt(name, 0, "webm"):
		return WebM
	case hasAt(name, 0, "matroska"):
		return Matroska
	}
	return ""
}

// sniffTransportStream knows a transport stream by three of its sync bytes in a
// row: packets of 188 bytes (ISO/IEC 13818-1), or of 192 as camcorders write
// them (AVCHD), with four bytes of time before each.
func sniffTransportStream(head []byte) string {
	for _, p := range []struct{ at, size int }{{0, 188}, {4, 192}} {
		if hasAt(head, p.at, "G") && hasAt(head, p.at+p.size, "G") && hasAt(head, p.at+2*p.size, "G") {
			return MPEGTS
		}
	}
	return ""
}
