package metadata

import (
	"encoding/binary"
	"io"

	"github.com/andybalholm/brotli"

	"photos/internal/xmp"
)

// readJXL reads a JPEG XL (ISO/IEC 18181-1 and -2): a bare codestream, or a
// container whose boxes hold the codestream, EXIF and XMP. Encoders compress the
// last two with Brotli.
func readJXL(r *io.SectionReader, t *tags) {
	t.displayed = true // the codestream has a turn of its own
	if readString(r, 0, 2) == "\xff\x0a" {
		t.setSize(codestreamSize(readAll(r, 64)))
		return
	}
	for b := range boxes(r) {
		switch b.kind {
		case "jxlc":
			t.setSize(codestreamSize(readAll(b.body, 64)))
		case "jxlp": // a part, with its number in front
			t.setSize(codestreamSize(readAll(after(b.body, 4), 64)))
		case "brob":
			t.addBox(decompress(b))
		default:
			t.addBox(b)
		}
	}
}

// addBox reads a box with metadata.
func (t *tags) addBox(b box) {
	switch b.kind {
	case "Exif":
		if n := readString(b.body, 0, 4); len(n) == 4 {
			t.addEXIF(after(b.body, 4+int64(binary.BigEndian.Uint32([]byte(n)))), mainDirectory)
		}
	case "xml ":
		t.addXMP(b.body)
	}
}

// decompress returns the box in a compressed one: its kind, then its content. What comes before a fault is
// of use.
func decompress(b box) box {
	kind := readString(b.body, 0, 4)
	if kind != "Exif" && kind != "xml " {
		return box{}
	}
	content, _ := io.ReadAll(io.LimitReader(brotli.NewReader(after(b.body, 4)), xmp.MaxSize))
	return box{kind, section(content)}
}

// bits reads numbers from the low bits of bytes upwards.
type bits struct {
	b  []byte
	at int
}

func (b *bits) uint(n int) int {
	value := 0
	for i := range n {
		if at := b.at + i; at/8 < len(b.b) && b.b[at/8]>>(at%8)&1 == 1 {
			value |= 1 << i
		}
	}
	b.at += n
	return value
}

// side reads a number of one of four widths, plus one.
func (b *bits) side() int {
	return 1 + b.uint([4]int{9, 13, 18, 30}[b.uint(2)])
}

// codestreamSize reads the size header and the orientation behind it (18181-1,
// annexes B.2 and E.2).
func codestreamSize(b []byte) (width, height int) {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0x0a {
		return 0, 0
	}
	r := &bits{b: b[2:]}
	small := r.uint(1) == 1
	length := func() int {
		if small {
			return 8 * (1 + r.uint(5))
		}
		return r.side()
	}
	height = length()
	if ratio := r.uint(3); ratio == 0 {
		width = length()
	} else {
		of := [8][2]int{{}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[ratio]
		width = height * of[0] / of[1]
	}
	if allDefault := r.uint(1) == 1; !allDefault {
		if extra := r.uint(1) == 1; extra && r.uint(3) >= 4 {
			return height, width
		}
	}
	return width, height
}
