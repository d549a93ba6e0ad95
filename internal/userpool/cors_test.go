package userpool_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestScriptsInABrowser sends the requests that a browser sends for a script of another page.
func TestScriptsInABrowser(t *testing.T) {
	t.Parallel()
	r := start(t)
	const origin = "https://app.example.org"
	ask := func(method, path string, headers ...string) answer {
		req, err := http.NewRequestWithContext(t.Context(), method, r.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return r.do(t, newBrowser(t), req)
	}
	documents := "/" + r.PoolID() + "/.well-known/"
	for path, method := range map[string]string{
		"/oauth2/token": "POST", "/oauth2/revoke": "POST", "/oauth2/userInfo": "GET",
		documents + "openid-configuration": "GET", documents + "jwks.json": "GET",
	} {
		got := ask("OPTIONS", path, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization,content-type")
		if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Methods") != method+", OPTIONS" ||
			got.header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" {
			t.Errorf("preflight of %s: status %d, %v", path, got.status, got.header)
		}
		got = ask(method, path)
		if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	for _, path := range []string{"/login?" + authorization().Encode(), "/oauth2/authorize?" + authorization().Encode(), "/signup?" + authorization().Encode(), "/logout", "/confirmUser"} {
		for _, method := range []string{"GET", "OPTIONS"} {
			for name := range ask(method, path).header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %.12s: %s", method, path, name)
				}
			}
		}
	}
}
