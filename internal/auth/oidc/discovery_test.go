package oidc

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"photos/internal/auth"
	"photos/internal/issuer"
)

// serving is a transport that answers every request with one document.
type serving struct {
	status int
	body   string
	header http.Header
	asked  string
}

func (s *serving) RoundTrip(req *http.Request) (*http.Response, error) {
	s.asked = req.URL.String()
	header := s.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(s.body)), Request: req}, nil
}

const (
	poolIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
	otherForm  = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
)

// document returns Cognito's discovery document with changes. A nil value removes a member.
func document(changes map[string]any) string {
	doc := map[string]any{
		"issuer": poolIssuer, "jwks_uri": poolIssuer + "/.well-known/jwks.json",
		"authorization_endpoint": "https://p.auth.eu-west-1.amazoncognito.com/oauth2/authorize",
		"token_endpoint":         "https://p.auth.eu-west-1.amazoncognito.com/oauth2/token",
		"userinfo_endpoint":      "https://p.auth.eu-west-1.amazoncognito.com/oauth2/userInfo",
	}
	for name, value := range changes {
		doc[name] = value
		if value == nil {
			delete(doc, name)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		changes map[string]any
		domain  string
		kind    auth.Kind // empty: accepted
		text    string
	}{
		"as Cognito's":               {nil, "", "", ""},
		"domain given":               {nil, "p.auth.eu-west-1.amazoncognito.com", "", ""},
		"domain pasted":              {nil, "https://P.auth.eu-west-1.amazoncognito.com:443/", "", ""},
		"other domain":               {nil, "q.auth.eu-west-1.amazoncognito.com", auth.Untrusted, "q.auth"},
		"domain in plain http":       {nil, "http://p.auth.eu-west-1.amazoncognito.com", auth.Misconfigured, "not https"},
		"other issuer":               {map[string]any{"issuer": poolIssuer + "/"}, "", auth.Untrusted, "names itself"},
		"token endpoint elsewhere":   {map[string]any{"token_endpoint": "https://evil.example/token"}, "", auth.Untrusted, "token endpoint is on https://evil.example"},
		"token endpoint on a port":   {map[string]any{"token_endpoint": "https://p.auth.eu-west-1.amazoncognito.com:8443/token"}, "", auth.Untrusted, ":8443"},
		"revocation elsewhere":       {map[string]any{"revocation_endpoint": "https://evil.example/r"}, "", auth.Untrusted, "revocation"},
		"end of session elsewhere":   {map[string]any{"end_session_endpoint": "https://evil.example/r"}, "", auth.Untrusted, "end-session"},
		"user info elsewhere":        {map[string]any{"userinfo_endpoint": "https://evil.example/r"}, "", auth.Untrusted, "user info"},
		"after a switch":             {map[string]any{"issuer": otherForm, "jwks_uri": otherForm + "/.well-known/jwks.json"}, "", "", ""},
		"half switched":              {map[string]any{"issuer": otherForm}, "", "", ""},
		"half switched, keys":        {map[string]any{"jwks_uri": otherForm + "/.well-known/jwks.json"}, "", "", ""},
		"another pool":               {map[string]any{"issuer": otherForm + "X"}, "", auth.Untrusted, "names itself"},
		"keys of another pool":       {map[string]any{"jwks_uri": otherForm + "X/.well-known/jwks.json"}, "", auth.Untrusted, "key set"},
		"keys not with the issuer":   {map[string]any{"jwks_uri": "https://evil.example/keys"}, "", auth.Untrusted, "key set"},
		"plain http":                 {map[string]any{"authorization_endpoint": "http://p.example/a"}, "", auth.Misconfigured, "not https"},
		"no token endpoint":          {map[string]any{"token_endpoint": nil}, "", auth.Misconfigured, "token endpoint"},
		"no domain":                  {map[string]any{"authorization_endpoint": "https:///oauth2/authorize", "token_endpoint": "https:///oauth2/token"}, "", auth.Misconfigured, "no sign-in pages"},
		"no authorization endpoint":  {map[string]any{"authorization_endpoint": nil}, "", auth.Misconfigured, "authorization endpoint"},
		"user in the address":        {map[string]any{"token_endpoint": "https://u@p.auth.eu-west-1.amazoncognito.com/t"}, "", auth.Misconfigured, "more than"},
		"endpoint of the wrong type": {map[string]any{"token_endpoint": 7}, "", auth.Misconfigured, "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := &serving{status: 200, body: document(test.changes)}
			p, err := Discover(t.Context(), web, poolIssuer, test.domain)
			if test.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				if p.RevocationEndpoint != "https://p.auth.eu-west-1.amazoncognito.com/oauth2/revoke" || p.EndSessionEndpoint != "https://p.auth.eu-west-1.amazoncognito.com/logout" {
					t.Errorf("derived endpoints: %+v", p)
				}
				if web.asked != poolIssuer+"/.well-known/openid-configuration" {
					t.Errorf("asked %s", web.asked)
				}
				return
			}
			if err == nil || auth.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
				t.Errorf("err = %v, want %s with %q", err, test.kind, test.text)
			}
		})
	}
}

// TestPagesBelowAPath derives missing endpoints from the address of the sign-in pages.
func TestPagesBelowAPath(t *testing.T) {
	t.Parallel()
	const pages = "http://127.0.0.1:8080/photos/pool"
	web := &serving{status: 200, body: document(map[string]any{
		"issuer": pages + "/local_A", "jwks_uri": pages + "/local_A/.well-known/jwks.json",
		"authorization_endpoint": pages + "/oauth2/authorize", "token_endpoint": pages + "/oauth2/token", "userinfo_endpoint": nil,
	})}
	for _, domain := range []string{"", pages, pages + "/", "127.0.0.1:8080/photos/pool", "http://127.0.0.1:8080"} {
		p, err := Discover(t.Context(), web, pages+"/local_A", domain)
		if err != nil {
			t.Fatalf("domain %q: %v", domain, err)
		}
		if p.Domain() != pages || p.RevocationEndpoint != pages+"/oauth2/revoke" || p.EndSessionEndpoint != pages+"/logout" {
			t.Errorf("domain %s, derived endpoints %+v", p.Domain(), p)
		}
	}
	if _, err := Discover(t.Context(), web, pages+"/local_A", "127.0.0.1:8080/elsewhere"); auth.KindOf(err) != auth.Untrusted {
		t.Errorf("another path: %v", err)
	}
}

func TestDiscoverTellsUnavailableFromRefused(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]auth.Kind{404: auth.Misconfigured, 302: auth.Misconfigured, 429: auth.Unavailable, 500: auth.Unavailable, 503: auth.Unavailable} {
		if _, err := Discover(t.Context(), &serving{status: status}, poolIssuer, ""); auth.KindOf(err) != kind {
			t.Errorf("status %d: %v, want kind %s", status, err, kind)
		}
	}
	down := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
	if _, err := Discover(t.Context(), down, poolIssuer, ""); auth.KindOf(err) != auth.Unavailable {
		t.Errorf("network down: %v, want kind %s", err, auth.Unavailable)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestIssuerOfPool(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"eu-west-1_AbC":       poolIssuer,
		"us-gov-west-1_x9":    "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_x9",
		"cn-north-1_x9":       "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x9",
		"":                    "",
		"AbC":                 "",
		"eu-west-1_":          "",
		"evil.example/x-1_y":  "",
		"eu-west-1_AbC/../..": "",
	} {
		got, err := IssuerOfPool(id)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", id, got, err, want)
		}
	}
}

// FuzzDiscover checks that every accepted document obeys the rules.
func FuzzDiscover(f *testing.F) {
	f.Add(document(nil))
	f.Add(document(map[string]any{"token_endpoint": "https://evil.example/token"}))
	f.Add(`{"issuer":7}`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := Discover(t.Context(), &serving{status: 200, body: body}, poolIssuer, "")
		if err != nil {
			return
		}
		home, err := auth.Origin(p.AuthorizationEndpoint)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{p.TokenEndpoint, p.RevocationEndpoint, p.EndSessionEndpoint} {
			if got, err := auth.Origin(address); err != nil || got != home {
				t.Errorf("accepted %s next to %s", address, home)
			}
		}
		if !issuer.Same(p.Issuer, poolIssuer) {
			t.Errorf("accepted issuer %q", p.Issuer)
		}
	})
}
