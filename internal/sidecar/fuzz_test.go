package sidecar

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
	"photos/internal/text"
	"photos/internal/xmp"
)

// check cleans the result of a parser as Find does, and compares it with what the service
// accepts.
func check(t *testing.T, n note) {
	t.Helper()
	if !n.taken.IsZero() && !n.taken.Plausible() {
		t.Errorf("taken at %s", n.taken)
	}
	if p := n.position; p != nil && photo.NewPosition(p.Latitude, p.Longitude) == nil {
		t.Errorf("position %v", p)
	}
	found := text.Clean(n.text)
	if !utf8.ValidString(found) || strings.ContainsFunc(found, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		t.Errorf("%q is not a valid description", found)
	}
}

// xmpOf returns a packet with these attributes.
func xmpOf(attributes string) string {
	return `<rdf:RDF xmlns:rdf="` + rdfSpace + `" xmlns:exif="` + xmp.EXIF + `" xmlns:photoshop="` + xmp.Photoshop + `" xmlns:xmp="` + xmp.XMP + `">` +
		`<rdf:Description ` + attributes + `/></rdf:RDF>`
}

func FuzzXMP(f *testing.F) {
	f.Add([]byte(`<rdf:RDF xmlns:rdf="` + rdfSpace + `" xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description>` +
		`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">a &amp; b</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>`))
	f.Add([]byte(xmpOf(`exif:DateTimeOriginal="2024:07:01 12:00:00.5+02:00" exif:GPSLatitude="48,8.5N" exif:GPSLongitude="11,30,15W"`)))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///a">]><x>&a;</x>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := parseXMP(data)
		if err != nil && n != (note{}) {
			t.Errorf("%+v and %v", n, err)
		}
		check(t, n)
	})
}

func FuzzTakeout(f *testing.F) {
	f.Add([]byte(`{"title":"IMG_1.jpg","description":"a\u0000b","photoTakenTime":{"timestamp":"1532281602"},"geoData":{"latitude":1.5,"longitude":-2}}`), "IMG_1.jpg")
	f.Add([]byte(`[]`), "")
	f.Fuzz(func(t *testing.T, data []byte, title string) {
		n, err := candidate{title: title}.parser("a.jpg")(data)
		if err != nil && n != (note{}) {
			t.Errorf("%+v and %v", n, err)
		}
		check(t, n)
	})
}

// File names can also be any bytes: invalid UTF-8, only dots, very long.
func FuzzTakeoutNames(f *testing.F) {
	for _, name := range []string{"IMG_1(1)-edited.jpg", "\xff\xfe(1).MP4", "...", "(1)", "-", "-edited.mov", strings.Repeat("😀", 60) + "-ed.jpg"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := 0
		for range candidateNames(name) {
			n++
		}
		if n == 0 || n > 100 {
			t.Errorf("%d names for %q", n, name)
		}
		for _, j := range jsonNames(name + ".json") {
			if !strings.HasPrefix(name, j.base) || !strings.HasSuffix(name, j.number) {
				t.Errorf("%q is read as %+v", name, j)
			}
		}
		IsSidecar(name)
	})
}
