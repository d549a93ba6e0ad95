package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"

	"photos/internal/xmp"
)

// readPNG reads the chunks of a PNG (PNG specification, third edition, sections 5
// and 11), also those behind the image data.
func readPNG(r *io.SectionReader, t *tags) {
	texts := map[string]string{}
	w := window{r: r}
	for at := int64(8); ; {
		head := w.bytes(at, 8)
		if len(head) < 8 {
			break
		}
		size, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		body := io.NewSectionReader(r, at+8, min(size, max(r.Size()-at-8, 0)))
		if kind == "IEND" {
			break
		}
		t.addChunk(kind, body, texts)
		at += 12 + size
	}
	t.addTexts(texts)
}

func (t *tags) addChunk(kind string, body *io.SectionReader, texts map[string]string) {
	switch kind {
	case "IHDR":
		if b := []byte(readString(body, 0, 8)); len(b) == 8 {
			t.setSize(int(binary.BigEndian.Uint32(b)), int(binary.BigEndian.Uint32(b[4:])))
		}
	case "eXIf":
		t.addEXIF(body, mainDirectory)
	case "iCCP", "sRGB", "cICP", "gAMA":
		t.addPNGColors(kind, body)
	case "tEXt", "zTXt", "iTXt":
		keyword, text := pngText(kind, readAll(body, xmp.MaxSize))
		keyword = strings.ToLower(keyword) // not all programs write it as the specification does
		if raw, is := strings.CutPrefix(keyword, "raw profile type "); is {
			t.addRawProfile(raw, text)
		} else if keyword == "xml:com.adobe.xmp" {
			t.addXMP(section([]byte(text)))
		} else if _, has := texts[keyword]; !has && len(texts) < maxBlocks {
			texts[keyword] = text
		}
	}
}

// pngText is the keyword and the text of one of the three textual chunks
// (section 11.3.3), the text as UTF-8.
func pngText(kind string, b []byte) (keyword, text string) {
	name, rest, found := bytes.Cut(b, []byte{0})
	if !found {
		return "", ""
	}
	compressed := kind == "zTXt"
	switch {
	case kind == "zTXt" && len(rest) > 0:
		rest = rest[1:] // the method
	case kind == "iTXt" && len(rest) > 2:
		compressed = rest[0] == 1
		rest = rest[2:]
		for range 2 { // language, and the keyword in that language
			_, rest, _ = bytes.Cut(rest, []byte{0})
		}
	}
	if compressed {
		rest = inflate(rest)
	}
	if kind == "iTXt" {
		return string(name), string(rest)
	}
	return string(name), latin1(string(rest))
}

// inflate decompresses zlib data up to the size of the largest block that is read.
func inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(z, xmp.MaxSize)) // what came before a fault is of use
	return out
}

// addRawProfile reads a block that ImageMagick and others write in hexadecimal: a
// line with its name, one with its size, and the digits.
func (t *tags) addRawProfile(name, text string) {
	lines := strings.SplitN(strings.TrimLeft(text, "\n"), "\n", 3)
	if len(lines) < 3 {
		return
	}
	digits := strings.Map(func(r rune) rune {
		if r == '\n' || r == ' ' || r == '\r' {
			return -1
		}
		return r
	}, lines[2])
	b, _ := hex.DecodeString(digits) // what came before a fault is of use
	switch name {
	case "exif", "app1":
		if packet, is := bytes.CutPrefix(b, []byte(xmpPrefix)); is {
			t.addXMP(section(packet))
			return
		}
		t.addEXIF(section(b), mainDirectory)
	case "xmp":
		t.addXMP(section(b))
	case "iptc", "8bim":
		if bytes.HasPrefix(b, []byte("8BIM")) {
			t.addPhotoshop(section(b))
			return
		}
		t.addIPTC(b)
	}
}

// addTexts uses the keywords that the specification names (section 11.3.3.2).
func (t *tags) addTexts(texts map[string]string) {
	for _, keyword := range []string{"description", "comment", "title"} {
		t.addCaption(texts[keyword])
	}
	for _, keyword := range []string{"creation time", "creationtime"} {
		t.addDate(namedDate(texts[keyword]))
	}
	t.camera = camera(texts["make"], texts["model"])
}

// section is b as a file.
func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}
