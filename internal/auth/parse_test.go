package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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

// FuzzReply: nothing but the exact state ever makes a reply count.
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
		if r.meansFor("right") == final && r.state != "right" {
			t.Errorf("%q counts", query)
		}
		if r.code.IsZero() == (r.failure == "") {
			t.Errorf("%q has neither code nor error, or both", query)
		}
		for _, c := range r.told() {
			if !text.Safe(c) {
				t.Errorf("%q would print %q", query, r.told())
			}
		}
	})
}

// FuzzPasted: a pasted line never says more than the same query at the callback port.
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

// FuzzTokenAnswer: an answer of the token endpoint gives a token fit for a header, or
// an error; and only a refusal with status 400 or 401 is final.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, "application/json", `{"access_token":"a","expires_in":3600,"refresh_token":"r"}`)
	f.Add(200, "application/json", `{"access_token":"a","expires_in":-1}`)
	f.Add(200, "text/plain", "access_token=a%0ab&expires_in=9999999999999")
	f.Add(400, "application/json", `{"error":"invalid_grant"}`)
	f.Add(503, "application/json", `{"error":"invalid_grant"}`)
	f.Add(200, "application/json", `{"access_token":"a","expires_in":1e99}`)
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 100 || status > 599 || strings.ContainsAny(kind, "\r\n") {
			return
		}
		web := roundTrip(func(req *http.Request) (*http.Response, error) {
			resp, err := (&serving{status: status, body: body}).RoundTrip(req)
			resp.Header.Set("Content-Type", kind)
			return resp, err
		})
		e := endpoint{provider: Provider{TokenEndpoint: "https://p.example/oauth2/token"}, clientID: "cli", rt: web, now: time.Now}
		g, _, err := e.redeemRefresh(t.Context(), NewSecret("old"))
		switch {
		case err == nil && !wellFormed(g.access.Value.Reveal()):
			t.Errorf("token %q", g.access.Value.Reveal())
		case err == nil && !g.access.Expiry.After(g.access.Obtained):
			t.Errorf("ends %s after it began", g.access.Expiry.Sub(g.access.Obtained))
		case err != nil && KindOf(err) != Unavailable && status != 400 && status != 401:
			t.Errorf("status %d is final: %v", status, err)
		}
	})
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	const value = "eyJ-very-secret"
	inside := struct {
		token Secret
		List  []Secret
		Token Token
	}{NewSecret(value), []Secret{NewSecret(value)}, Token{Value: NewSecret(value)}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", NewSecret(value))
		fmt.Fprintf(&out, verb+"\n", inside)
		fmt.Fprintf(&out, verb+"\n", Fixed{NewSecret(value)})
	}
	text, err := json.Marshal(inside)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", NewSecret(value), "inside", inside)
	if printed := out.String(); strings.Contains(printed, "very-secret") || strings.Contains(printed, fmt.Sprintf("%x", value)) {
		t.Errorf("printed:\n%s", printed)
	}
}

// TestErrorsHoldNoSecrets lets the provider answer with what it was sent.
func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	const value = "refresh-very-secret"
	for _, code := range []int{200, 400, 401, 429, 500} {
		web := roundTrip(func(req *http.Request) (*http.Response, error) {
			form := new(bytes.Buffer)
			if _, err := form.ReadFrom(req.Body); err != nil {
				return nil, err
			}
			return (&serving{status: code, body: form.String()}).RoundTrip(req)
		})
		e := endpoint{provider: Provider{TokenEndpoint: "https://p.example/oauth2/token"}, clientID: "cli", rt: web, now: time.Now}
		_, _, err := e.redeemRefresh(t.Context(), NewSecret(value))
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "very-secret") {
			t.Errorf("status %d: %v", code, err)
		}
	}
}
