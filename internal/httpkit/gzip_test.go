package httpkit

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "deflate": false, "gzip; q=x": false, "xgzip": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", header)
		if got := AcceptsGzip(r); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}

// The size of a compressed answer differs from time to time, and its content does not.
func TestGzip(t *testing.T) {
	t.Parallel()
	plain := bytes.Repeat([]byte("a page "), 1000)
	sizes := map[int]bool{}
	for range 50 {
		small := Gzip(plain)
		sizes[len(small)] = true
		z, err := gzip.NewReader(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := io.ReadAll(z); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("%d bytes, %v", len(back), err)
		}
	}
	if len(sizes) < 10 {
		t.Errorf("only %d sizes", len(sizes))
	}
}
