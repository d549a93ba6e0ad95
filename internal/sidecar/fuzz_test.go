package sidecar

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// check holds what a parser found, cleaned as Describe does, against what the
// service takes.
func check(t *testing.T, text string) {
	t.Helper()
	text = printable(text)
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		t.Errorf("%q is no description", text)
	}
}

func FuzzXMP(f *testing.F) {
	f.Add([]byte(`<rdf:RDF xmlns:rdf="` + rdfSpace + `" xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description>` +
		`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a &amp; b</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///a">]><x>&a;</x>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := parseXMP(data)
		if err != nil && text != "" {
			t.Errorf("%q and %v", text, err)
		}
		check(t, text)
	})
}

func FuzzTakeout(f *testing.F) {
	f.Add([]byte(`{"title":"IMG_1.jpg","description":"a\u0000b","photoTakenTime":{}}`), "IMG_1.jpg")
	f.Add([]byte(`[]`), "")
	f.Fuzz(func(t *testing.T, data []byte, title string) {
		text, err := parseTakeout(data, title)
		if err != nil && text != "" {
			t.Errorf("%q and %v", text, err)
		}
		check(t, text)
	})
}

// Names are foreign bytes as well: invalid UTF-8, nothing but dots, very long.
func FuzzTakeoutNames(f *testing.F) {
	for _, name := range []string{"IMG_1(1)-edited.jpg", "\xff\xfe(1).MP4", "...", "(1)", "-", "-edited.mov", strings.Repeat("😀", 60) + "-ed.jpg"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := 0
		for w := range takeoutNames(name) {
			n++
			if !strings.HasSuffix(w.name, ".json") {
				t.Errorf("%q is no JSON", w.name)
			}
		}
		if n == 0 || n > 500 {
			t.Errorf("%d names for %q", n, name)
		}
		IsSidecar(name)
	})
}
