package term_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"photos/internal/term"
)

func TestWrap(t *testing.T) {
	const family = "👨‍👩‍👧‍👦"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a short line":           {"a bay", []string{"a bay"}},
		"words":                  {"sunset over the bay of naples", []string{"sunset", "over the", "bay of", "naples"}},
		"lines and a blank line": {"one\n\ntwo", []string{"one", "", "two"}},
		"a long word":            {"https://example.org/x", []string{"https://", "example.", "org/x"}},
		"wide characters":        {"東京タワー", []string{"東京タワ", "ー"}},
		"a family is one":        {"ab " + strings.Repeat(family, 5), []string{"ab " + family + family, strings.Repeat(family, 3)}},
		"nothing":                {"", []string{""}},
	} {
		if got := term.Wrap(c.text, 8); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestWrapLosesNothing: every line fits, and together they have all that is not white space.
func TestWrapLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, width := rapid.String().Draw(t, "text"), rapid.IntRange(2, 40).Draw(t, "width")
		lines := term.Wrap(text, width)
		for _, line := range lines {
			if runewidth.StringWidth(line) > width && utf8.RuneCountInString(line) > 1 {
				t.Fatalf("%q has %d columns", line, runewidth.StringWidth(line))
			}
		}
		got, want := strings.Join(strings.Fields(strings.Join(lines, "")), ""), strings.Join(strings.Fields(text), "")
		if got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}
