package text

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The byte order marks of files.
const (
	mark8        = "\xef\xbb\xbf"
	markLittle16 = "\xff\xfe"
	markBig16    = "\xfe\xff"
)

// UTF8 returns what r has as UTF-8, without a byte order mark. Windows PowerShell writes files in UTF-16, and puts a mark
// at the beginning. Without a mark, every byte stays as it is. UTF8 waits for the first bytes of r.
func UTF8(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	first, _ := b.Peek(len(markLittle16)) // Read returns the error again
	switch string(first) {
	case markLittle16, markBig16:
		return transform.NewReader(b, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	case mark8[:2]:
		if first, _ = b.Peek(len(mark8)); string(first) == mark8 {
			_, _ = b.Discard(len(mark8)) // they are in the buffer
		}
	}
	return b
}
