package metadata

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
)

// readFLV reads width, height and duration out of the first script tag of a Flash video
// (Adobe Flash Video File Format 10.1, annex E.5): names, then numbers as doubles.
func readFLV(r *io.SectionReader, t *tags) {
	b := string(readAll(r, 64<<10))
	number := func(name string) float64 {
		_, rest, found := strings.Cut(b, "\x00"+string(rune(len(name)))+name+"\x00")
		if !found || len(rest) < 8 {
			return 0
		}
		f := math.Float64frombits(binary.BigEndian.Uint64([]byte(rest[:8])))
		if !(f > 0 && f < 1<<20) {
			return 0
		}
		return f
	}
	t.setSize(int(number("width")), int(number("height")))
	t.setDuration(number("duration"))
	t.addFlashTags(r)
}

// addFlashTags looks at the kinds of the first tags. The flags of the header are often wrong.
func (t *tags) addFlashTags(r *io.SectionReader) {
	const header, tagHeader, maxTags, sound, video = 9 + 4, 11, 64, 8, 9
	w := window{r: r}
	at := int64(header)
	for range maxTags {
		b := w.bytes(at, tagHeader)
		if len(b) < tagHeader {
			return
		}
		if kind := b[0] & 31; kind == sound || kind == video {
			t.addTrack(kind == video)
		}
		at += tagHeader + int64(binary.BigEndian.Uint32(b[:4])&0xffffff) + 4
	}
}
