package text_test

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"photos/internal/text"
)

// utf16Of returns a text as Windows PowerShell writes it to a file.
func utf16Of(order binary.AppendByteOrder, s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + s)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func TestUTF8(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä photo 🏖.jpg\r\n", 1000)
	for name, c := range map[string]struct{ in, want string }{
		"without a mark":            {"a\nb", "a\nb"},
		"nothing":                   {"", ""},
		"one byte":                  {"a", "a"},
		"a mark of UTF-8":           {"\ufeffa\n\ufeffb", "a\n\ufeffb"},
		"a part of a mark":          {"\xef\xbba", "\xef\xbba"},
		"another encoding":          {"a\xe4\xff\xfe", "a\xe4\xff\xfe"},
		"UTF-16, little end first":  {utf16Of(binary.LittleEndian, long), long},
		"UTF-16, big end first":     {utf16Of(binary.BigEndian, long), long},
		"a mark of UTF-16 alone":    {utf16Of(binary.LittleEndian, ""), ""},
		"half of a unit at the end": {utf16Of(binary.LittleEndian, "a") + "b", "a\ufffd"},
	} {
		got, err := io.ReadAll(text.UTF8(iotest.OneByteReader(strings.NewReader(c.in))))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %.80q (%v), want %.80q", name, got, err, c.want)
		}
	}
	if _, err := io.ReadAll(text.UTF8(iotest.ErrReader(io.ErrUnexpectedEOF))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an error of the reader: %v", err)
	}
}
