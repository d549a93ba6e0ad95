package signin

import (
	"net/url"
	"strings"
	"testing"

	"photos/internal/text"
)

func mustURL(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestParsePasted(t *testing.T) {
	t.Parallel()
	redirect := mustURL(t, "http://127.0.0.1:18484/callback")
	for line, want := range map[string]string{ // the code, or part of the error
		"http://127.0.0.1:18484/callback?code=c&state=s":        "c",
		"  127.0.0.1:18484/callback?code=c&state=s\r":           "c",
		"<http://127.0.0.1:18484/callback?code=c&state=s>":      "c",
		"http://127.0.0.1:18484/callback?code=c&state=s#_=_":    "c",
		"http://127.0.0.1:18485/callback?code=c&state=s":        "not the address",
		"http://localhost:18484/callback?code=c&state=s":        "not the address",
		"https://127.0.0.1:18484/callback?code=c&state=s":       "not the address",
		"http://127.0.0.1:18484/?code=c&state=s":                "not the address",
		"http://127.0.0.1:18484/callback":                       "neither",
		"hello":                                                 "not the address",
		"http://127.0.0.1:18484/callback?code=c&code=d&state=s": "twice",
		"http://%zz": "not an address",
		"https://p.example/error?error=redirect_mismatch&client_id=abcdef": "--redirect-port",
	} {
		got, err := parsePasted(line, redirect)
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && got.code.Reveal() != want {
			t.Errorf("%q: code %q, %v; want %q", line, got.code.Reveal(), err, want)
		}
	}
}

// FuzzReply checks that a reply is verified only with exactly the right state.
func FuzzReply(f *testing.F) {
	f.Add("code=c&state=right")
	f.Add("error=e&error_description=d&state=right")
	f.Add("code=c&state=right&state=wrong")
	f.Add("code=%ff;state=right")
	f.Fuzz(func(t *testing.T, query string) {
		r, err := parseReply(query)
		if err != nil {
			return
		}
		if r.relationTo("right") == verified && r.state != "right" {
			t.Errorf("%q is verified", query)
		}
		if r.code.IsZero() == (r.failure == "") {
			t.Errorf("%q has neither code nor error, or both", query)
		}
		for _, c := range r.message() {
			if !text.Safe(c) {
				t.Errorf("%q would print %q", query, r.message())
			}
		}
	})
}

// FuzzPasted checks that only the redirect URI is accepted.
func FuzzPasted(f *testing.F) {
	f.Add("http://127.0.0.1:18484/callback?code=c&state=s")
	f.Add("127.0.0.1:18484/callback?error=e")
	f.Add("https://p.example/error?error=redirect_mismatch")
	redirect := mustURL(f, "http://127.0.0.1:18484/callback")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parsePasted(line, redirect)
		if err == nil && !strings.Contains(line, "127.0.0.1:18484/callback") {
			t.Errorf("%q gives %+v", line, r)
		}
	})
}
