package auth

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"photos/internal/issuer"
)

// serving answers every request with one document, in place of a network.
type serving struct {
	status int
	body   string
	asked  string
}

func (s *serving) RoundTrip(req *http.Request) (*http.Response, error) {
	s.asked = req.URL.String()
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: req}, nil
}

const (
	poolIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
	otherForm  = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
)

// document is Cognito's discovery document with changes; a nil value takes a member
// out.
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
		kind    Kind // empty: accepted
		text    string
	}{
		"as Cognito's":               {nil, "", "", ""},
		"domain given":               {nil, "p.auth.eu-west-1.amazoncognito.com", "", ""},
		"domain pasted":              {nil, "https://P.auth.eu-west-1.amazoncognito.com:443/", "", ""},
		"other domain":               {nil, "q.auth.eu-west-1.amazoncognito.com", Untrusted, "q.auth"},
		"domain in plain http":       {nil, "http://p.auth.eu-west-1.amazoncognito.com", Misconfigured, "not https"},
		"other issuer":               {map[string]any{"issuer": poolIssuer + "/"}, "", Untrusted, "calls itself"},
		"token endpoint elsewhere":   {map[string]any{"token_endpoint": "https://evil.example/token"}, "", Untrusted, "token endpoint is on https://evil.example"},
		"token endpoint on a port":   {map[string]any{"token_endpoint": "https://p.auth.eu-west-1.amazoncognito.com:8443/token"}, "", Untrusted, ":8443"},
		"revocation elsewhere":       {map[string]any{"revocation_endpoint": "https://evil.example/r"}, "", Untrusted, "revocation"},
		"end of session elsewhere":   {map[string]any{"end_session_endpoint": "https://evil.example/r"}, "", Untrusted, "end-session"},
		"user info elsewhere":        {map[string]any{"userinfo_endpoint": "https://evil.example/r"}, "", Untrusted, "user info"},
		"after a switch":             {map[string]any{"issuer": otherForm, "jwks_uri": otherForm + "/.well-known/jwks.json"}, "", "", ""},
		"half switched":              {map[string]any{"issuer": otherForm}, "", "", ""},
		"half switched, keys":        {map[string]any{"jwks_uri": otherForm + "/.well-known/jwks.json"}, "", "", ""},
		"another pool":               {map[string]any{"issuer": otherForm + "X"}, "", Untrusted, "calls itself"},
		"keys of another pool":       {map[string]any{"jwks_uri": otherForm + "X/.well-known/jwks.json"}, "", Untrusted, "key set"},
		"keys not with the issuer":   {map[string]any{"jwks_uri": "https://evil.example/keys"}, "", Untrusted, "key set"},
		"plain http":                 {map[string]any{"authorization_endpoint": "http://p.example/a"}, "", Misconfigured, "not https"},
		"no token endpoint":          {map[string]any{"token_endpoint": nil}, "", Misconfigured, "token endpoint"},
		"no domain":                  {map[string]any{"authorization_endpoint": "https:///oauth2/authorize", "token_endpoint": "https:///oauth2/token"}, "", Misconfigured, "no sign-in pages"},
		"no authorization endpoint":  {map[string]any{"authorization_endpoint": nil}, "", Misconfigured, "authorization endpoint"},
		"user in the address":        {map[string]any{"token_endpoint": "https://u@p.auth.eu-west-1.amazoncognito.com/t"}, "", Misconfigured, "more than"},
		"endpoint of the wrong type": {map[string]any{"token_endpoint": 7}, "", Misconfigured, "not the JSON"},
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
			if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
				t.Errorf("err = %v, want %s with %q", err, test.kind, test.text)
			}
		})
	}
}

// TestPagesBelowAPath derives what the document leaves out from where the sign-in pages are.
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
	if _, err := Discover(t.Context(), web, pages+"/local_A", "127.0.0.1:8080/elsewhere"); KindOf(err) != Untrusted {
		t.Errorf("another path: %v", err)
	}
}

func TestDiscoverTellsOfflineFromRefused(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]Kind{404: Misconfigured, 302: Misconfigured, 429: Unavailable, 500: Unavailable, 503: Unavailable} {
		if _, err := Discover(t.Context(), &serving{status: status}, poolIssuer, ""); KindOf(err) != kind {
			t.Errorf("status %d: %v, want kind %s", status, err, kind)
		}
	}
	down := roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
	if _, err := Discover(t.Context(), down, poolIssuer, ""); KindOf(err) != Unavailable {
		t.Errorf("network down: %v, want kind %s", err, Unavailable)
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

func TestParseServer(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"photos.example.org":                "https://photos.example.org",
		" https://Photos.Example.org:443/ ": "https://photos.example.org",
		"https://example.org/photos/":       "https://example.org/photos",
		"https://example.org:8443":          "https://example.org:8443",
		"127.0.0.1:8080":                    "http://127.0.0.1:8080",
		"localhost":                         "http://localhost",
		"[::1]:8080":                        "http://[::1]:8080",
		"http://[::1]":                      "http://[::1]",
		"http://photos.example.org":         "",
		"http://127.0.0.1.example.org":      "",
		"ftp://example.org":                 "",
		"https://u:p@example.org":           "",
		"https://example.org/?a=b":          "",
		"":                                  "",
		"https://":                          "",
	} {
		got, err := ParseServer(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
		if want != "" {
			if again, err := ParseServer(got); err != nil || again != got {
				t.Errorf("%q parsed twice: %q, %v", typed, again, err)
			}
		}
	}
}

func TestFetchResource(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server, named, asked string
		ok                   bool
	}{
		"at the root":          {"https://p.example", "https://p.example", "https://p.example/.well-known/oauth-protected-resource", true},
		"slash does not count": {"https://p.example", "https://p.example/", "https://p.example/.well-known/oauth-protected-resource", true},
		"below a path":         {"https://p.example/photos", "https://p.example/photos", "https://p.example/.well-known/oauth-protected-resource/photos", true},
		"another service":      {"https://evil.example", "https://p.example", "https://evil.example/.well-known/oauth-protected-resource", false},
		"another path":         {"https://p.example/a", "https://p.example/b", "https://p.example/.well-known/oauth-protected-resource/a", false},
		"nobody":               {"https://p.example", "", "https://p.example/.well-known/oauth-protected-resource", false},
	} {
		body, _ := json.Marshal(map[string]any{"resource": test.named, "authorization_servers": []string{poolIssuer}, "photos_client_id": "cli"})
		web := &serving{status: 200, body: string(body)}
		r, err := FetchResource(t.Context(), web, test.server)
		if web.asked != test.asked {
			t.Errorf("%s: asked %s, want %s", name, web.asked, test.asked)
		}
		if test.ok != (err == nil) || test.ok && r.ClientID != "cli" || !test.ok && KindOf(err) != Untrusted {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// A proxy that passes on only what lies below the path answers elsewhere itself.
func TestFetchResourceBelowThePath(t *testing.T) {
	t.Parallel()
	const server = "https://p.example/photos"
	for name, test := range map[string]struct {
		status int
		page   string
		named  string
		kind   Kind // empty: found
	}{
		"not found at the root":     {404, "", server, ""},
		"a page at the root":        {200, "<html>", server, ""},
		"another service's, found":  {404, "", "https://other.example", Untrusted},
		"neither here nor there":    {404, "", "", Misconfigured},
		"a page, and nothing below": {200, "<html>", "", Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := roundTrip(func(req *http.Request) (*http.Response, error) {
				status, media, body := test.status, "text/html", test.page
				if req.URL.Path == "/photos/.well-known/oauth-protected-resource" && test.named != "" {
					status, media, body = 200, "application/json", `{"resource":"`+test.named+`"}`
				}
				return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
			})
			r, err := FetchResource(t.Context(), web, server)
			switch {
			case test.kind == "" && (err != nil || r.Resource != server):
				t.Errorf("%+v, %v", r, err)
			case test.kind != "" && (err == nil || KindOf(err) != test.kind):
				t.Errorf("%v, want kind %s", err, test.kind)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	const server, client = "https://photos.example", "cli"
	pinned := func(server, issuer string) []Pin { return []Pin{{Server: server, Issuer: issuer, ClientID: client}} }
	for name, test := range map[string]struct {
		offer Offer
		kind  Kind // empty: go ahead
	}{
		"the service names it":               {Offer{}, Unconfirmed},
		"given by hand":                      {Offer{ByHand: true}, ""},
		"given by hand, pinned elsewhere":    {Offer{ByHand: true, Pins: pinned("https://other.example", poolIssuer)}, ""},
		"trusted in advance":                 {Offer{TrustServer: "photos.example"}, ""},
		"another one trusted":                {Offer{TrustServer: "other.example"}, Unconfirmed},
		"confirmed before":                   {Offer{Pins: pinned(server, poolIssuer)}, ""},
		"confirmed before, other form":       {Offer{Pins: pinned(server, otherForm)}, ""},
		"confirmed before, other client":     {Offer{Pins: []Pin{{server, poolIssuer, "other"}}}, Unconfirmed},
		"pinned elsewhere":                   {Offer{Pins: pinned("https://other.example", poolIssuer)}, Untrusted},
		"pinned elsewhere, other form":       {Offer{Pins: pinned("https://other.example", otherForm)}, Untrusted},
		"pinned elsewhere, though trusted":   {Offer{Pins: pinned("https://other.example", poolIssuer), TrustServer: "photos.example"}, Untrusted},
		"pinned to another path of it":       {Offer{Pins: pinned(server+"/b", poolIssuer)}, Unconfirmed},
		"both on this machine":               {Offer{Server: "http://127.0.0.1:8080", Issuer: "http://localhost:8080/local_x"}, ""},
		"both here, pinned elsewhere here":   {Offer{Server: "http://127.0.0.1:8080", Issuer: "http://localhost:9000/local_x", Pins: pinned("http://127.0.0.1:9000", "http://localhost:9000/local_x")}, Untrusted},
		"service here, provider on the net":  {Offer{Server: "http://127.0.0.1:8080"}, Unconfirmed},
		"service on the net, provider here":  {Offer{Issuer: "http://127.0.0.1:8080/pool"}, Unconfirmed},
		"secret for what the service names":  {Offer{HasSecret: true, TrustServer: "photos.example"}, Misconfigured},
		"secret with everything by hand":     {Offer{HasSecret: true, ByHand: true}, ""},
		"provider in plain http on the net":  {Offer{Issuer: "http://cognito.example"}, Misconfigured},
		"service in plain http on the net":   {Offer{Server: "http://photos.example", ByHand: true}, Misconfigured},
		"host that only looks like loopback": {Offer{Server: "https://localhost.example", Issuer: "http://localhost:1/p"}, Unconfirmed},
	} {
		o := test.offer
		if o.Server == "" {
			o.Server = server
		}
		if o.Issuer == "" {
			o.Issuer = poolIssuer
		}
		o.ClientID = client
		err := o.Judge()
		if (err == nil) != (test.kind == "") || err != nil && KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %q", name, err, test.kind)
		}
	}
}

// FuzzDiscover feeds foreign documents: whatever is accepted obeys the rules.
func FuzzDiscover(f *testing.F) {
	f.Add(document(nil))
	f.Add(document(map[string]any{"token_endpoint": "https://evil.example/token"}))
	f.Add(`{"issuer":7}`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := Discover(t.Context(), &serving{status: 200, body: body}, poolIssuer, "")
		if err != nil {
			return
		}
		home, err := Origin(p.AuthorizationEndpoint)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{p.TokenEndpoint, p.RevocationEndpoint, p.EndSessionEndpoint} {
			if got, err := Origin(address); err != nil || got != home {
				t.Errorf("accepted %s next to %s", address, home)
			}
		}
		if !issuer.Same(p.Issuer, poolIssuer) {
			t.Errorf("accepted issuer %q", p.Issuer)
		}
	})
}

// FuzzResource feeds foreign descriptions of a service: none speaks for another one.
func FuzzResource(f *testing.F) {
	const server = "https://photos.example/base"
	f.Add(`{"resource":"https://photos.example/base","authorization_servers":["https://p.example"],"photos_client_id":"cli"}`)
	f.Add(`{"resource":"https://PHOTOS.example:443/base/"}`)
	f.Add(`{"resource":"https://photos.example/base/../other"}`)
	f.Add(`{"resource":"https://evil.example/base"}`)
	f.Add(`{"authorization_servers":"x"}`)
	f.Fuzz(func(t *testing.T, body string) {
		r, err := FetchResource(t.Context(), &serving{status: 200, body: body}, server)
		if err != nil {
			return
		}
		address := strings.TrimSpace(r.Resource)
		if !strings.Contains(address, "://") { // as people type it
			address = "https://" + address
		}
		named, err := url.Parse(address)
		if err != nil || !strings.EqualFold(named.Hostname(), "photos.example") || len(r.AuthorizationServers) > 1 {
			t.Errorf("accepted %+v from %q", r, body)
		}
	})
}
