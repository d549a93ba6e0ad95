package oidc

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"photos/internal/auth"
)

// FuzzTokenAnswer checks that an answer of the token endpoint gives an error or a token that is
// fit for a header, and that only a refusal with status 400 or 401 is final.
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
		c := Client{Provider: Provider{TokenEndpoint: "https://p.example/oauth2/token"}, ID: "cli", HTTP: web}
		tokens, _, err := c.Refresh(t.Context(), auth.NewSecret("old"))
		switch {
		case err == nil && !wellFormed(tokens.Access.Value.Reveal()):
			t.Errorf("token %q", tokens.Access.Value.Reveal())
		case err == nil && !tokens.Access.Expiry.After(tokens.Access.Obtained):
			t.Errorf("ends %s after it began", tokens.Access.Expiry.Sub(tokens.Access.Obtained))
		case err != nil && auth.KindOf(err) != auth.Unavailable && status != 400 && status != 401:
			t.Errorf("status %d is final: %v", status, err)
		}
	})
}

// TestErrorsHoldNoSecrets uses a provider that answers with the request.
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
		c := Client{Provider: Provider{TokenEndpoint: "https://p.example/oauth2/token"}, ID: "cli", HTTP: web}
		_, _, err := c.Refresh(t.Context(), auth.NewSecret(value))
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "very-secret") {
			t.Errorf("status %d: %v", code, err)
		}
	}
}
