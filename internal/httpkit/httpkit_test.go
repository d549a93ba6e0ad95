package httpkit

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPageAllowsItsOwnStyleOnly(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("p { margin: 0 }"))
	style := "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
	for _, c := range []struct {
		name string
		page Page
		want string
	}{
		{"a style", Page{HTML: []byte("<style>p { margin: 0 }</style><p>é")}, "style-src " + style + "; img-src data:; form-action 'none';"},
		{"no style", Page{HTML: []byte("<p>é")}, "style-src 'none';"},
		{"forms", Page{HTML: []byte("<p>é"), Forms: []string{"'self'", "https://example.org"}}, "form-action 'self' https://example.org;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			c.page.Write(w, http.StatusGone)
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, c.want) || !strings.HasSuffix(policy, "; frame-ancestors 'none'") {
				t.Errorf("policy %q, want %q in it", policy, c.want)
			}
			if w.Code != http.StatusGone || w.Body.String() != string(c.page.HTML) {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("header %v", h)
			}
		})
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://127.0.0.1:18484/callback": "http://127.0.0.1:18484",
		"http://[::1]:18484/callback":     "http:",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := Source(u); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.example.org": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "[::1]": false, "127.1": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 7, 14, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "-5": 0, "soon": 0, "1.5": 0, "4000000000": 24 * time.Hour,
		"99999999999999999999": 24 * time.Hour, "Sun, 14 Jul 2024 12:00:30 GMT": 30 * time.Second,
		"Sun, 14 Jul 2024 11:00:00 GMT": 0, "Mon, 14 Jul 2025 12:00:00 GMT": 24 * time.Hour,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
