package oidc

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"photos/internal/auth"
)

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
		"no name":              {"https://p.example", "", "https://p.example/.well-known/oauth-protected-resource", false},
	} {
		body, _ := json.Marshal(map[string]any{"resource": test.named, "authorization_servers": []string{poolIssuer}, "photos_client_id": "cli"})
		web := &serving{status: 200, body: string(body)}
		r, err := FetchResource(t.Context(), web, test.server)
		if web.asked != test.asked {
			t.Errorf("%s: asked %s, want %s", name, web.asked, test.asked)
		}
		if test.ok != (err == nil) || test.ok && r.ClientID != "cli" || !test.ok && auth.KindOf(err) != auth.Untrusted {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestFetchResourceBelowThePath has a proxy that passes on only requests below the path and answers
// other requests itself.
func TestFetchResourceBelowThePath(t *testing.T) {
	t.Parallel()
	const server = "https://p.example/photos"
	for name, test := range map[string]struct {
		status int
		page   string
		named  string
		kind   auth.Kind // empty: found
	}{
		"not found at the root":     {404, "", server, ""},
		"a page at the root":        {200, "<html>", server, ""},
		"another service's, found":  {404, "", "https://other.example", auth.Untrusted},
		"neither here nor there":    {404, "", "", auth.Misconfigured},
		"a page, and nothing below": {200, "<html>", "", auth.Unavailable},
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
			case test.kind != "" && (err == nil || auth.KindOf(err) != test.kind):
				t.Errorf("%v, want kind %s", err, test.kind)
			}
		})
	}
}

// FuzzResource checks that no description of a service is accepted for another one.
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
