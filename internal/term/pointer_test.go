package term_test

import (
	"slices"
	"strings"
	"testing"

	"photos/internal/term"
)

// The ^ is below the character, also after wide ones, accents and what a terminal must not get.
func TestPointer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s     string
		at    int
		below string
	}{
		{"sunset tagg:beach", 8, "t"},
		{"x", 1, "x"},
		{"x", 2, ""},
		{"北京 tagg:x", 4, "t"},
		{"a\tb\x1b[31m tagg:x", 10, "t"},
	} {
		lines, fits := term.Pointer(tt.s, tt.at, 80)
		if !fits || len(lines) != 2 || strings.Contains(lines[0], "\x1b") {
			t.Errorf("%q at %d: %q", tt.s, tt.at, lines)
			continue
		}
		under := strings.Index(lines[1], "^") - strings.Count(lines[0][:min(len(lines[0]), 8)], "北") - strings.Count(lines[0], "京")
		rest := []rune(lines[0])[under:]
		if got := string(rest[:min(1, len(rest))]); got != tt.below {
			t.Errorf("%q at %d points at %q: %q", tt.s, tt.at, got, lines)
		}
	}
	if lines, fits := term.Pointer(strings.Repeat("long ", 20), 3, 80); fits || !slices.Contains(lines, "    ^") {
		t.Errorf("a long text fits: %q", lines)
	}
}
