package tag_test

import (
	"slices"
	"strings"
	"testing"

	"photos/internal/photo"
	"photos/internal/tag"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Holiday":                "holiday",
		"  summer \u00a0 2024 ":  "summer 2024",
		"Straße":                 "strasse",
		"E\u0301te\u0301":        "été", // macOS writes accents apart
		"ΌΣΟΣ όσος":              "όσοσ όσοσ",
		"🌊":                      "🌊",
		strings.Repeat("x", 100): strings.Repeat("x", 100),
	} {
		got, err := tag.Normalize(in)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", " \u00a0", "a\nb", "a\x00", "\xff", strings.Repeat("x", 101), strings.Repeat("Ⱥ", 50)} {
		if got, err := tag.Normalize(in); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestNormalizeAll(t *testing.T) {
	t.Parallel()
	got, err := tag.NormalizeAll([]string{"b", "A", "B", "a "})
	if err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := tag.NormalizeAll([]string{"a", ""}); photo.KindOf(err) != photo.KindUsage {
		t.Errorf("an empty tag: %q, %v", got, err)
	}
}

// The form of a tag is a tag, and is its own form.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"Holiday", "Straße", "ǰ", "İ", "a  b", "ᾳ", "\u0345\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, err := tag.Normalize(s)
		if err != nil {
			return
		}
		if again, err := tag.Normalize(once); err != nil || again != once {
			t.Errorf("%q becomes %q, which becomes %q, %v", s, once, again, err)
		}
	})
}
