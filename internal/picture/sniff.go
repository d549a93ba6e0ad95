package picture

import (
	"bytes"
	"encoding/binary"
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
	head = head[:min(len(head), 64)]
	_, rest, found := bytes.Cut(head, []byte(docType))
	switch {
	case !found || len(rest) == 0:
		return ""
	case hasAt(rest, 1, "webm"):
		return WebM
	case hasAt(rest, 1, "matroska"):
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
