package api_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"photos/internal/api"
	"photos/internal/photo"
)

func TestBoundsOfJSON(t *testing.T) {
	t.Parallel()
	bounds := api.Bounds{Bytes: 60, Depth: 3, Items: 3, String: 5}
	for doc, fits := range map[string]bool{
		`{"items":[1,2,3]}`:         true,
		`{"items":[1,2,3,4]}`:       false,
		`[[1,2,3],[1,2,3],[1,2,3]]`: true,
		`{"a":1,"b":2,"c":3}`:       true,
		`{"a":1,"b":2,"c":3,"d":4}`: false,
		`[[[]]]`:                    true,
		`[[[[]]]]`:                  false,
		`["12345"]`:                 true,
		`["123456"]`:                false,
		`["\"\"\""]`:                false, // six bytes as they are written
		`["\"[{,"]`:                 true,
		`["\\",1,2]`:                true,
		`["[[[[,",",,,,","]]]"]`:    true,
		`]]]]}}}}`:                  true, // not JSON, which is for the decoder to say
		strings.Repeat(" ", 60):     true,
		strings.Repeat(" ", 61):     false,
	} {
		for _, size := range []int64{-1, int64(len(doc))} {
			got, err := bounds.Read(iotest.OneByteReader(strings.NewReader(doc)), size)
			switch {
			case fits && (err != nil || string(got) != doc):
				t.Errorf("%s: read %q, %v", doc, got, err)
			case !fits && photo.KindOf(err) != photo.KindTooLarge:
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
}

// TestCutDocuments checks that no part of a document is taken for the whole one.
func TestCutDocuments(t *testing.T) {
	t.Parallel()
	const doc = ` {"results":[{"id":"1","text":"a\"]}\\"},{}],"next":""} `
	bounds := api.ListBounds(2, 100)
	for n := range len(doc) {
		got, err := bounds.ReadWhole(iotest.OneByteReader(strings.NewReader(doc[:n])), -1)
		if whole := n == len(doc)-1; whole && err != nil || !whole && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: read %q, %v", doc[:n], got, err)
		}
	}
	if _, err := bounds.ReadWhole(strings.NewReader(`{}`), 1<<30); photo.KindOf(err) != photo.KindTooLarge {
		t.Errorf("a document that is too large: %v", err)
	}
}

// A document that begins well and is too much is not read to its end.
func TestBoundsStopReadingEarly(t *testing.T) {
	t.Parallel()
	doc := strings.NewReader(`{"items":[` + strings.Repeat("{},", 4<<20))
	_, err := api.Bounds{Bytes: 64 << 20, Depth: 8, Items: 1000, String: 100}.Read(doc, -1)
	if photo.KindOf(err) != photo.KindTooLarge || doc.Len() < 12<<20-64<<10 {
		t.Errorf("%v with %d bytes unread", err, doc.Len())
	}
}

// Whatever passes decodes to no more than the bounds say.
func FuzzBounds(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":"c\"d"}]}`)
	f.Add(`[[],[],"\\\"",{"\u0000":null}]`)
	bounds := api.Bounds{Bytes: 1 << 10, Depth: 4, Items: 5, String: 12}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := bounds.Read(strings.NewReader(doc), -1)
		var v any
		if err != nil || json.Unmarshal(got, &v) != nil {
			return
		}
		within(t, v, bounds, 0)
	})
}

func within(t *testing.T, v any, b api.Bounds, depth int) {
	t.Helper()
	if depth > b.Depth {
		t.Errorf("%d deep", depth)
	}
	switch v := v.(type) {
	case string:
		if len(v) > 3*b.String { // an invalid byte becomes U+FFFD, of three bytes
			t.Errorf("a string of %d bytes", len(v))
		}
	case []any:
		if len(v) > b.Items {
			t.Errorf("%d elements", len(v))
		}
		for _, e := range v {
			within(t, e, b, depth+1)
		}
	case map[string]any:
		if len(v) > b.Items {
			t.Errorf("%d members", len(v))
		}
		for _, e := range v {
			within(t, e, b, depth+1)
		}
	}
}
