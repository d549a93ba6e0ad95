package userpool_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// serve answers a request without a network.
func (r *rig) serve(method, target, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	req.URL = &url.URL{Path: path, RawQuery: query}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.server.Config.Handler.ServeHTTP(w, req)
	return w
}

// FuzzAuthorize checks that the browser is only sent to the pool's own pages or to a registered
// redirect URI, and never with a code, because nobody is signed in.
func FuzzAuthorize(f *testing.F) {
	f.Add(authorization().Encode())
	f.Add(authorization("redirect_uri", callback+"@evil.example").Encode())
	f.Add(authorization("scope", "openid offline_access", "state", "\r\nX: y").Encode())
	f.Add(authorization("code", "forged").Encode())
	f.Add("client_id=cli&client_id=web&redirect_uri=//evil.example&redirect_uri=" + callback)
	f.Add("client_id=cli&redirect_uri=" + url.QueryEscape(callback) + "&response_type=%zz;state=1")
	r := start(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/oauth2/authorize", "/login", "/signup"} {
			w := r.serve(http.MethodGet, path+"?"+query, "")
			if w.Code == http.StatusOK && path != "/oauth2/authorize" {
				continue
			}
			to, err := url.Parse(w.Header().Get("Location"))
			if w.Code != http.StatusFound || err != nil {
				t.Fatalf("%s?%s: status %d, location %q", path, query, w.Code, w.Header().Get("Location"))
			}
			own := to.Host == "" && (to.Path == "/login" || to.Path == "/error")
			clients := to.Host == "127.0.0.1:18484" || to.Host == "[::1]:18484"
			refused := clients && to.Path == "/callback" && to.Query().Has("error") && !to.Query().Has("code")
			if !own && !refused {
				t.Fatalf("%s?%s: location %v", path, query, to)
			}
		}
	})
}

// FuzzToken checks that every answer is an error that a client understands.
func FuzzToken(f *testing.F) {
	f.Add(redemption("guess").Encode())
	f.Add(refreshing("guess").Encode())
	f.Add("grant_type=refresh_token&grant_type=authorization_code")
	f.Add("grant_type=%zz")
	known := map[string]bool{"invalid_request": true, "invalid_client": true, "invalid_grant": true, "unauthorized_client": true, "unsupported_grant_type": true}
	r := start(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := r.serve(http.MethodPost, "/oauth2/token", body)
		var got map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusBadRequest || !known[got["error"]] || len(got) != 1 {
			t.Fatalf("%q: status %d, %s", body, w.Code, w.Body)
		}
	})
}
