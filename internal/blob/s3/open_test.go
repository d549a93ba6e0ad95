package s3_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"photos/internal/blob/s3"
	"photos/internal/testkit/s3server"
)

// TestOpenWithFaults: one failure of each request does not keep photosd from starting.
func TestOpenWithFaults(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	store, err := url.Parse(c.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range s3server.Faults() {
		f := newFaulty(c.HTTP, func(r *http.Request, attempt int) s3server.Fault {
			for _, suitable := range s3server.Suitable(r) {
				if what == suitable && attempt == 1 && !strings.Contains(r.URL.RawQuery, "lifecycle") {
					return what
				}
			}
			return s3server.None
		})
		web := httptest.NewServer(f.Handler(store))
		t.Cleanup(web.Close)
		freshOver(t, c, func(c *s3.Config) { c.Endpoint = web.URL; c.HTTP = nil; s3.Hurry(c) })(t)
		if f.Happened(what) == 0 {
			t.Errorf("no %s happened", what)
		}
	}
}
