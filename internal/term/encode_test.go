package term

import (
	"strings"
	"testing"
)

// FuzzEscapeTSV: an escaped value stays in its cell.
func FuzzEscapeTSV(f *testing.F) {
	f.Add("a\tb\\n\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if got := EscapeTSV(s); strings.ContainsAny(got, "\t\n\r\x00\x1b") {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

// FuzzUnescapeTSV: what a cell shows is read as the same value again.
func FuzzUnescapeTSV(f *testing.F) {
	f.Add("a\tb\\\x1b\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, last := range []bool{true, false} {
			cell := cellTSV(s, last)
			if cell == "-" && s == "" {
				continue
			}
			back, err := UnescapeTSV(cell)
			if err != nil || back != s || cell == "-" {
				t.Fatalf("%q is %q and came back as %q, %v", s, cell, back, err)
			}
		}
	})
}
