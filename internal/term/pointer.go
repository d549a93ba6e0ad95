package term

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"photos/internal/text"
)

// Pointer returns two lines: one that shows s, and one with a ^ below the character at, which
// is counted from 1. fits is false if they are too long for a terminal of so many columns.
func Pointer(s string, at, columns int) (lines []string, fits bool) {
	const indent = "  "
	var shown strings.Builder
	before := 0 // columns
	for i, r := range []rune(s) {
		switch {
		case strings.ContainsRune("\t\r\n", r):
			r = ' '
		case !text.Safe(r):
			r = '\uFFFD'
		}
		shown.WriteRune(r)
		if i < at-1 {
			before += runewidth.RuneWidth(r)
		}
	}
	lines = []string{indent + shown.String(), indent + strings.Repeat(" ", before) + "^"}
	return lines, max(runewidth.StringWidth(lines[0]), len(lines[1])) < columns
}
