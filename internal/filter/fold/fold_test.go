package fold_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"photos/internal/filter/fold"
)

func TestString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Sunset over the SEA":     "sunset over the sea",
		"  two\t\nlines ":         "two lines",
		"Été":                     "ete",
		"e\u0301te\u0301":         "ete",
		"STRAßE ẞ":                "strasse ss",
		"İstanbul ISTANBUL ısı":   "istanbul istanbul isi",
		"Ångström Łódź Ærø Œuvre": "angstrom lodz aero oeuvre",
		"Ё й ΐ":                   "е и ι",
		"ﬁn ２０２４ Ⅳ":               "fin 2024 iv",
		"が ガ か\u3099":             "が ガ が",
		"हिन्दी ไทยดี 北京 한국": "हिन्दी ไทยดี 北京 한국",
		"مُحَمَّد":       "محمد",
		"100%_sure\\!":   "100%_sure\\!",
		"\xffodd\x00":    "\uFFFDodd\uFFFD",
		"👍🏽 🇩🇪":          "👍🏽 🇩🇪",
		"":               "",
		" \u00a0\u3000":  "",
		"\u0301":         "\u0301",
		"z̸̡a̴͊l̷͠g̶͋o̵": "zalgo",
	} {
		if got := fold.String(in); got != want {
			t.Errorf("String(%q) = %q, want %q", in, got, want)
		}
	}
}

// What was folded stays as it is, and a text that says something stays one.
func TestFoldingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		once := fold.String(s)
		if again := fold.String(once); again != once {
			t.Fatalf("String(%q) = %q, and of that %q", s, once, again)
		}
		if (once == "") != (strings.TrimSpace(s) == "") {
			t.Fatalf("String(%q) = %q", s, once)
		}
	})
}

// Upper and lower case of a text are the same, unless case folding itself tells them apart.
func TestCasesAreEqual(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"Straße", "İzmir", "ΣΊΣΥΦΟΣ", "Ǆ", "ﬃ", "Œ"} {
		if l, u := fold.String(strings.ToLower(s)), fold.String(strings.ToUpper(s)); l != u {
			t.Errorf("%q: %q and %q", s, l, u)
		}
	}
}

func BenchmarkString(b *testing.B) {
	for b.Loop() {
		fold.String("IMG_0001.JPG Ein Nachmittag am See über dem Tal")
	}
}
