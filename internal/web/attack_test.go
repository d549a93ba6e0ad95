package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Pages of other sites can send no forms, and cannot sign a user out.
func TestFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		for _, path := range []string{"/account/sessions", "/myphotos", "/myphotos/selection", "/session/check", "/session/uploads"} {
			h := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Tus-Resumable": "1.0.0"}
			for k, v := range header {
				h[k] = v
			}
			a, err := b.send(http.MethodPost, path, strings.NewReader("everywhere=1&do=delete"), h)
			must(t, err)
			if a.status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, header, a.status)
			}
		}
	}
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://evil.example/"}, {}, {"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch"}} {
		a, err := b.send(http.MethodGet, "/logout", nil, header)
		must(t, err)
		if a.status != http.StatusOK || !strings.Contains(a.body, "Log out?") {
			t.Errorf("/logout with %v: %d at %s", header, a.status, a.url)
		}
	}
	if !b.isIn() {
		t.Error("ada is signed out")
	}
}

// A cookie identifies nobody in the API, and an access token nobody on the pages.
func TestCookieAndTokenStayApart(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	for _, path := range []string{"/v1/me", "/v1/photos", "/v1/keys"} {
		if a := b.get(path); a.status != http.StatusUnauthorized {
			t.Errorf("%s with a cookie: %d", path, a.status)
		}
	}
	stranger := s.browser()
	stranger.stop()
	stranger.header.Set("Authorization", "Bearer token")
	for path, want := range map[string]int{"/myphotos": http.StatusFound, "/account": http.StatusFound, "/session/uploads/x": http.StatusUnauthorized} {
		method := http.MethodGet
		if strings.HasPrefix(path, "/session") {
			method = http.MethodHead
		}
		a, err := stranger.send(method, path, nil, map[string]string{"Tus-Resumable": "1.0.0"})
		must(t, err)
		if a.status != want {
			t.Errorf("%s with a token: %d, want %d", path, a.status, want)
		}
	}
}

// A code that somebody else got signs nobody in, and a stray callback changes nothing.
func TestCallbackNeedsItsBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	evil := s.browser()
	evil.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	at := evil.signIn("bob", "/login").header.Get("Location")
	if !strings.Contains(at, "code=") {
		t.Fatalf("no code in %s", at)
	}
	victim := s.browser()
	if a := victim.get(at); a.status != http.StatusBadRequest || victim.session() != "" {
		t.Errorf("a foreign code: %d at %s", a.status, a.url)
	}
	for _, query := range []string{"", "?code=x", "?code=x&state=y", "?error=access_denied&state=y"} {
		if a := victim.get("/callback" + query); a.status != http.StatusBadRequest || victim.session() != "" {
			t.Errorf("callback%s: %d", query, a.status)
		}
	}
	ada := s.signedIn("ada")
	if a := ada.get(at); a.url.Path != "/myphotos" || !strings.Contains(a.body, "ada") {
		t.Errorf("a foreign code in a signed-in browser: %d at %s", a.status, a.url)
	}
	if a := evil.get(at + "&x="); a.url.Path != "/myphotos" { // its own browser can use it, once
		t.Errorf("the code in its own browser: %d", a.status)
	}
}

// After the sign-in a browser goes to pages of this service only.
func TestOpenRedirects(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	for _, to := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "javascript:alert(1)", "%2F%2Fevil.example",
		"/myphotos\r\nSet-Cookie: a=b", "", "myphotos", "/ok" + strings.Repeat("x", 2000),
	} {
		b := s.browser()
		if a := b.signIn("ada", "/login?"+url.Values{"to": {to}}.Encode()); a.url.String() != s.url+"/myphotos" {
			t.Errorf("%q: %s", to, a.url)
		}
	}
}

// Pages are kept by no cache, framed by nobody and load nothing from elsewhere.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.signedIn("ada")
	for _, path := range []string{"/", "/myphotos", "/myphotos/trash", "/account", "/myphotos/nothing", "/logout?"} {
		b.client.CheckRedirect = nil
		var a answer
		if path == "/logout?" {
			a, _ = b.send(http.MethodGet, path, nil, map[string]string{"Sec-Fetch-Site": "cross-site"})
		} else {
			a = b.get(path)
		}
		csp := a.header.Get("Content-Security-Policy")
		if a.header.Get("Cache-Control") != "no-store" || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || !strings.HasPrefix(csp, "default-src 'none'; ") ||
			!strings.Contains(csp, "frame-ancestors 'none'") || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.header)
		}
		for _, bad := range []string{" style=", "<style", " onclick=", "<script>"} {
			if strings.Contains(a.body, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
	}
}

// The pages have one address. A browser at another name of this machine is sent there, where
// its cookies are.
func TestOtherNamesOfThisMachine(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.browser()
	b.stop()
	a := b.get("http://localhost:" + port(t, s.url) + "/myphotos?search=a")
	if a.status != http.StatusFound || a.header.Get("Location") != s.url+"/myphotos?search=a" {
		t.Errorf("%d to %s", a.status, a.header.Get("Location"))
	}
}

// Login with Amazon goes straight to that provider, whose name for the user becomes the
// nickname.
func TestLoginWithAmazon(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	b := s.browser()
	if a := b.get("/"); !strings.Contains(a.body, `href="/login?provider=LoginWithAmazon">Login with Amazon</a>`) {
		t.Errorf("home: %s", a.body)
	}
	page := b.get("/login?provider=LoginWithAmazon")
	if page.url.Path != "/provider" || !strings.Contains(page.body, "Login with Amazon") {
		t.Fatalf("at %s: %s", page.url, page.body)
	}
	send := func(page answer, name string) answer {
		action := formAction.FindStringSubmatch(page.body)
		return b.post(s.poolURL+strings.ReplaceAll(action[1], "&amp;", "&"), url.Values{"name": {name}, "email": {"ada@example.org"}})
	}
	a := send(page, "Ada L.")
	if a.url.Path != "/myphotos" || !strings.Contains(a.body, "Ada L.") {
		t.Fatalf("at %s: %s", a.url, a.body)
	}
	for _, bad := range []string{"Nobody", "a/b", "%20", "x%0d"} {
		if a := s.browser().get("/login?provider=" + bad); a.status != http.StatusBadRequest {
			t.Errorf("provider %s: %d at %s", bad, a.status, a.url)
		}
	}
	accounts, err := s.db.Accounts(t.Context())
	must(t, err)
	s.signedIn("ada")
	more, err := s.db.Accounts(t.Context())
	must(t, err)
	if len(more) != len(accounts)+1 {
		t.Errorf("%d accounts became %d: ada of the pool is another user", len(accounts), len(more))
	}
}
