package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"photos/internal/term"
)

// TestAmbiguousPrefixListsCandidates runs the whole command line against a
// service that has two photos whose IDs have the same first digits.
func TestAmbiguousPrefixListsCandidates(t *testing.T) {
	one, two := "cafe1234"+strings.Repeat("0", 56), "cafe1234"+strings.Repeat("1", 56)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" || r.URL.Query().Get("id_prefix") != "cafe1234" {
			t.Errorf("asked %s", r.URL)
		}
		fmt.Fprintf(w, `{"photos":[{"id":%q,"name":"a.jpg"},{"id":%q,"name":"b.jpg"}]}`, one, two)
	}))
	defer service.Close()
	var out, said bytes.Buffer
	vars := map[string]string{"PHOTOS_SERVER": service.URL, "PHOTOS_TOKEN": "t0ken", "PHOTOS_CONFIG_DIR": t.TempDir()}
	e := &env{
		Console: term.New("photos", strings.NewReader(""), &out, &said), now: time.Now, network: http.DefaultTransport,
		getenv: func(k string) string { return vars[k] },
	}
	code := runCommand(context.Background(), []string{"describe", "CAFE1234"}, e)
	want := "photos: CAFE1234: several photos have this prefix: cafe12340000 a.jpg, cafe12341111 b.jpg\nhint: give more digits\n"
	if code != exitUsage || said.String() != want || out.Len() != 0 {
		t.Errorf("code %d, stdout %q, stderr %q", code, &out, &said)
	}
}
