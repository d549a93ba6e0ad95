package photo_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"photos/internal/photo"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	short := photo.ID{}.Short()
	for name, want := range map[string]string{
		"beach.jpg": "beach.jpg", "": short, "...": short, " . ": short, `..\..\etc/passwd`: "_.._.._etc_passwd",
		".jpg": "_.jpg", "-rf": "_-rf", "a.jpg. .": "a.jpg", "a\x00\nb.jpg": "a__b.jpg", "a\u202egpj.exe": "a_gpj.exe", "\xff.jpg": "_.jpg",
		"con.jpg": "_con.jpg", "COM1": "_COM1", "lpt².txt": "_lpt².txt", "com10.jpg": "com10.jpg", "console.jpg": "console.jpg", "nul .x": "_nul .x",
		strings.Repeat("ø", 150) + ".jpeg":                       strings.Repeat("ø", 97) + ".jpeg",
		strings.Repeat("a", 250) + "." + strings.Repeat("b", 20): strings.Repeat("a", 200),
	} {
		if got := (photo.Photo{Name: name}).FileName(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	for _, name := range []string{"beach.jpg", "../x", "con", ".", "\xff", strings.Repeat("é", 300) + ".jpg"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := photo.Photo{Name: name}.FileName()
		if got == "" || len(got) > 200 || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\:\x00\n") || strings.Trim(got[:1], ".-") == "" {
			t.Errorf("%q: %q", name, got)
		}
		if again := (photo.Photo{Name: got}).FileName(); again != got {
			t.Errorf("%q: %q, and again %q", name, got, again)
		}
	})
}
