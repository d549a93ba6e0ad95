package httpapi_test

import (
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"photos/internal/httpapi"
	"photos/internal/photo"
)

func FuzzListQuery(f *testing.F) {
	f.Add("search=a+b&since=2024-01-01T00:00:00Z&by=taken&limit=5&id_prefix=CAFE")
	f.Add("limit=5000&limit=1")
	f.Add("%zz=;")
	f.Fuzz(func(t *testing.T, raw string) {
		filter, limit, err := httpapi.ParseListQuery(raw)
		switch {
		case err != nil && photo.KindOf(err) != photo.KindUsage:
			t.Errorf("%q: %v of kind %s", raw, err, photo.KindOf(err))
		case err == nil && (limit < 1 || limit > 5000 || filter.IDPrefix != strings.ToLower(filter.IDPrefix)):
			t.Errorf("%q: limit %d, %+v", raw, limit, filter)
		}
	})
}

func FuzzContentDisposition(f *testing.F) {
	f.Add("beach.jpg")
	f.Add("a\"b\r\nSet-Cookie: x=1;\xff")
	f.Add("..")
	f.Fuzz(func(t *testing.T, name string) {
		value := httpapi.ContentDisposition(photo.Photo{Name: name})
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q goes out as %q", name, value)
		}
		kind, params, err := mime.ParseMediaType(value)
		got := params["filename"]
		if err != nil || kind != "attachment" || got == "" || !utf8.ValidString(got) ||
			strings.ContainsAny(got, `/\`) || strings.ContainsFunc(got, unicode.IsControl) || strings.Trim(got, ".") == "" {
			t.Fatalf("%q is saved as %q (%v)", name, got, err)
		}
	})
}

func FuzzChecksum(f *testing.F) {
	f.Add("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
	f.Add("sha256  ")
	f.Fuzz(func(t *testing.T, header string) {
		if size, want, err := httpapi.ParseChecksum(header); err == nil && len(want) != size {
			t.Fatalf("%q: %d bytes for an algorithm of %d", header, len(want), size)
		}
	})
}
