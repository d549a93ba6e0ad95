package term

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Wrap breaks a text into lines that fit the width, between words where it can. It keeps the
// lines of the text.
func Wrap(s string, width int) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		out = append(out, wrapLine(line, max(2, width))...)
	}
	return out
}

// wrapLine breaks one line. A word that is longer than a line, as most text of China and Japan
// is, is broken anywhere.
func wrapLine(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		room := width - runewidth.StringWidth(line)
		if line != "" {
			room--
		}
		switch long := runewidth.StringWidth(word) > width; {
		case line == "":
			line = word
		case runewidth.StringWidth(word) <= room, long && room >= width/2:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
		for runewidth.StringWidth(line) > width {
			head := runewidth.Truncate(line, width, "")
			if head == "" { // what is shown as one character is wider than the line
				_, n := utf8.DecodeRuneInString(line)
				head = line[:n]
			}
			lines, line = append(lines, head), strings.TrimPrefix(line[len(head):], " ")
		}
	}
	return append(lines, line)
}
