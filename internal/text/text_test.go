package text_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"photos/internal/text"
)

// hostile has texts that would change a terminal.
var hostile = []string{
	"\x1b[31mred", "\x1b]0;title\a", "\u009b31m", "\u0090payload\u009c", "a\u202eb", "\u2066isolate\u2069", "\u200e\u200f\u061c",
	"\x7f\b\b", "two\nlines", "two\r\nlines", "back\rover", "tab\tbed", "page\fvertical\v", "\u0085next", "\u2028line\u2029paragraph",
	"\xff\xfe", "\x9b31m", "\U000e0041tag", "\ufeff", "\ufff9note", "\x00",
}

// harmless has texts that must not change.
var harmless = []string{
	"", "beach.jpg", "Strand von Łódź", "日本　語", "مرحبا", "می\u200cخواهم", "👨\u200d👩\u200d👧\u200d👦 ❤️", "no\u00a0break", `"quoted" \back`, "e\u0301",
}

func TestLine(t *testing.T) {
	t.Parallel()
	for _, s := range harmless {
		if got := text.Line(s); got != s {
			t.Errorf("Line(%q) = %q", s, got)
		}
	}
	for s, want := range map[string]string{
		"a\nb": "a b", "a\r\n\r\n\tb\n": "a b", "\x1b[31m": "\ufffd[31m", "a\u202eb": "a\ufffdb", "\u009b1m": "\ufffd1m", "a\u0085b": "a b",
		"\xff.jpg": "\ufffd.jpg", "\U000e0041": "\ufffd", "\x7f": "\ufffd",
	} {
		if got := text.Line(s); got != want {
			t.Errorf("Line(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCutCountsCharacters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{{"日本語", 3, "日本語"}, {"日本語", 2, "日本…"}, {"a\x1bbc", 3, "a\ufffdb…"}, {"", 0, ""}} {
		if got := text.Cut(c.s, c.n); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

func TestQuoteIsBounded(t *testing.T) {
	t.Parallel()
	if got, want := text.Quote("a\"\x1b\u202e\n"), `"a\"\x1b\u202e\n"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := text.Quote(strings.Repeat("é", 1000)); utf8.RuneCountInString(got) != 203 || !strings.HasSuffix(got, `"…`) {
		t.Errorf("a long word: %s", got)
	}
}

type label string

func TestSprintfCleansItsArgumentsOnly(t *testing.T) {
	t.Parallel()
	got := text.Sprintf("%s\n%v %s %d %5.1f %t %v %q %v", "a\nb", errors.New("c\x1bd"), label("e\u009bf"), 7, 1.5, true, nil, "g\u202eh", []string{"i\nj"})
	if want := "a b\nc\ufffdd e\ufffdf 7   1.5 true <nil> \"g\ufffdh\" [i j]"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := text.Sprintf("%s", 1500*time.Millisecond); got != "1.5s" {
		t.Errorf("a duration: %q", got)
	}
}

func TestCleanKeepsLinesAndTabs(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		" two\r\nlines\rand\ta tab\x00\x1b[1m\u0085 ": "two\nlines\nand\ta tab[1m", "bad \xff": "bad \ufffd", "a\u202eb": "a\u202eb", "\r\n": "",
	} {
		if got := text.Clean(s); got != want {
			t.Errorf("Clean(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestJSONKeepsTheValue(t *testing.T) {
	t.Parallel()
	got := string(text.JSON([]byte("{\"a\":\"\x7f\u009b\u202e\U000e0041é👨‍👩‍👧\"}\n")))
	if want := `{"a":"\u007f\u009b\u202e\udb40\udc41é👨‍👩‍👧"}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	if got, want := text.Escape("a\\b\t\n\x1b\u009b\u202e\U000e0041\xffé"), `a\\b\t\n\x1b\u009b\u202e\U000e0041\xffé`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// quiet reports whether a terminal only shows s. It does not use text.Safe.
func quiet(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp)
	})
}

func FuzzText(f *testing.F) {
	for _, s := range append(harmless, hostile...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, got := range map[string]string{
			"Line": text.Line(s), "Cut": text.Cut(s, 5), "Quote": text.Quote(s), "Escape": text.Escape(s), "Sprintf": text.Sprintf("%s %v", s, errors.New(s)),
		} {
			if !quiet(got) {
				t.Errorf("%s(%q) = %q", name, s, got)
			}
		}
		if line := text.Line(s); text.Line(line) != line {
			t.Errorf("Line(Line(%q)) differs", s)
		}
		doc, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		escaped := text.JSON(doc)
		if !quiet(string(escaped)) {
			t.Errorf("JSON(%q) = %q", s, escaped)
		}
		var before, after string
		if err := errors.Join(json.Unmarshal(doc, &before), json.Unmarshal(escaped, &after)); err != nil || before != after {
			t.Errorf("JSON changed %q to %q: %v", before, after, err)
		}
	})
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1234567: "1.23 MB", 999_999_999: "1 GB", 34_000_000_000: "34 GB"} {
		if got := text.Bytes(n); got != want {
			t.Errorf("text.Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}
