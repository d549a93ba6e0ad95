package metadata

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxIPTC is how many bytes of an IPTC block are read.
const maxIPTC = 256 << 10

// Data sets of IPTC's application record (IPTC-NAA IIM 4.2, chapter 6).
const (
	iptcDate    = 55
	iptcTime    = 60
	iptcCaption = 120
)

// blank are the bytes with which some cameras fill texts that they do not have.
const blank = "\x00 \r\n\t"

// iptc holds the first value of each data set of the application record, as bytes
// in a character set that only the block as a whole tells.
type iptc map[byte]string

// parseIPTC reads data sets up to the first that is malformed. The character set
// is UTF-8 when the block says so or when all of a text is valid UTF-8.
func parseIPTC(b []byte) iptc {
	const marker, envelope, application = 0x1c, 1, 2
	found := iptc{}
	for len(b) >= 5 && b[0] == marker {
		record, set, size := b[1], b[2], int(binary.BigEndian.Uint16(b[3:]))
		b = b[5:]
		if size&0x8000 != 0 { // an extended length: the size of the size
			n := size & 0x7fff
			if n > 4 || len(b) < n {
				break
			}
			size = 0
			for _, c := range b[:n] {
				size = size<<8 | int(c)
			}
			b = b[n:]
		}
		size = min(size, len(b))
		if _, has := found[set]; record == application && !has && strings.Trim(string(b[:size]), blank) != "" {
			found[set] = string(b[:size])
		}
		b = b[size:]
	}
	return found
}

// add adds what another block says and i does not. Day and time come from the same block.
func (i iptc) add(other iptc) {
	_, dated := i[iptcDate]
	for set, value := range other {
		if _, has := i[set]; !has && !(dated && set == iptcTime) {
			i[set] = value
		}
	}
}

// text is the text of a data set. mac says that the program that wrote it ran on
// a Macintosh of the time before Unicode.
func (i iptc) text(set byte, mac bool) string {
	s := strings.Trim(i[set], blank)
	if !utf8.ValidString(s) && mac {
		s, _ = charmap.Macintosh.NewDecoder().String(s)
		return s
	}
	return latin1(s)
}

// decode1252 decodes Windows-1252 and counts the characters that are neither ASCII
// nor letters of European languages.
func decode1252(s string) (text string, odd int) {
	var b strings.Builder
	for i := range len(s) {
		r := charmap.Windows1252.DecodeByte(s[i])
		b.WriteRune(r)
		if s[i] >= 0x80 && s[i] < 0xc0 {
			odd++
		}
	}
	return b.String(), odd
}

// addPhotoshop reads Photoshop's image resources (Adobe Photoshop File Formats
// Specification, "Image Resource Blocks"): IPTC, EXIF and XMP are among them.
// Resources are padded to an even size, but not by every program.
func (t *tags) addPhotoshop(r *io.SectionReader) {
	for at := int64(0); at+12 <= r.Size(); {
		var head [6]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return
		}
		if !isResource(string(head[:4])) {
			if at++; at%2 == 1 && isResource(readString(r, at, 4)) { // not padded
				continue
			}
			return
		}
		id := binary.BigEndian.Uint16(head[4:])
		name := readString(r, at+6, 1)
		if name == "" {
			return
		}
		at += 6 + (int64(name[0])+2)&^1
		size := readString(r, at, 4)
		if len(size) < 4 {
			return
		}
		n := int64(binary.BigEndian.Uint32([]byte(size)))
		at += 4
		t.addResource(id, io.NewSectionReader(r, at, min(n, max(r.Size()-at, 0))))
		at += n
		if n%2 == 1 && !isResource(readString(r, at, 4)) {
			at++
		}
	}
}

// isResource reports whether an image resource begins with this signature. Photoshop writes the
// first; the others are of its plug-ins and of older programs.
func isResource(signature string) bool {
	return slices.Contains([]string{"8BIM", "PHUT", "DCSR", "AgHg", "MeSa"}, signature)
}

func (t *tags) addResource(id uint16, r *io.SectionReader) {
	switch id {
	case 0x040c: // a JPEG behind its own header of 28 bytes
		t.addJPEG(after(r, 28))
	case 0x0404:
		t.addIPTC(readAll(r, maxIPTC))
	case 0x0422:
		t.addEXIF(r, mainDirectory)
	case 0x0424:
		t.addXMP(r)
	}
}
