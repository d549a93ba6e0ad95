package userpool_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"photos/internal/userpool"
)

// TestPagesBelowAPath visits the pages of a pool whose address has a path. Every address in them has the path also.
func TestPagesBelowAPath(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.BaseURL += "/photos/pool" })
	const base = "/photos/pool"
	if want := r.server.URL + base + "/" + r.PoolID(); r.Issuer() != want {
		t.Errorf("issuer %s, want %s", r.Issuer(), want)
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(r.get(t, r.browser, base+"/"+r.PoolID()+"/.well-known/openid-configuration", nil).body), &document); err != nil {
		t.Fatal(err)
	}
	for name, value := range document {
		address, _ := value.(string)
		if strings.HasPrefix(address, "http") && !strings.HasPrefix(address, r.server.URL+base+"/") {
			t.Errorf("%s is %s", name, address)
		}
	}
	if got := r.get(t, r.browser, base+"/oauth2/authorize", authorization()); got.location.Path != base+"/login" {
		t.Errorf("authorize leads to %v", got.location)
	}
	if got := r.get(t, r.browser, base+"/oauth2/authorize", authorization("redirect_uri", "x")); got.location.Path != base+"/error" {
		t.Errorf("an unknown redirect URI leads to %v", got.location)
	}
	if got := r.get(t, r.browser, base+"/logout", authorization()); got.location.Path != base+"/login" {
		t.Errorf("logout leads to %v", got.location)
	}
	for _, page := range []string{"/login", "/signup", "/forgotPassword", "/resendcode"} {
		below(t, page, r.get(t, r.browser, base+page, authorization()))
	}
	form := url.Values{"email": {grace.Email}, "nickname": {grace.Nickname}, "password": {grace.Password}}
	below(t, "after signing up", r.post(t, r.browser, base+"/signup?"+authorization().Encode(), form))
	link := r.link(t)
	below(t, "behind the link", r.get(t, r.browser, link.Path, link.Query()))
	got := r.confirm(t, link, grace.Password)
	if got.location == nil || !strings.Contains(got.header.Get("Set-Cookie"), "Path=/photos/pool/;") {
		t.Errorf("status %d, cookie %q", got.status, got.header.Get("Set-Cookie"))
	}
	form.Del("password")
	r.post(t, r.browser, base+"/forgotPassword?"+authorization().Encode(), form)
	reset := mustParse(t, resetPattern.FindString(r.talk.String()))
	below(t, "behind the link to a new password", r.get(t, r.browser, reset.Path, reset.Query()))
}

var reference = regexp.MustCompile(`(?:href|action)="(/[^"?]*)`)

// below requires that the links and forms of a page stay below the pool's path.
func below(t *testing.T, name string, page answer) {
	t.Helper()
	found := reference.FindAllStringSubmatch(page.body, -1)
	if page.status != http.StatusOK {
		t.Errorf("%s: status %d", name, page.status)
	}
	for _, match := range found {
		if !strings.HasPrefix(match[1], "/photos/pool/") {
			t.Errorf("%s: leads to %s", name, match[1])
		}
	}
}

// TestLogoutEndsTheSignInOfEachPath signs out after the pool has moved to another path. The browser still has the cookie
// of the old path.
func TestLogoutEndsTheSignInOfEachPath(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := newBrowser(t)
	r.signIn(t, c, authorization(), ada)
	r.config.BaseURL += "/pool"
	r.restart(t)
	signIn := "/pool/login?" + authorization().Encode()
	r.post(t, c, signIn, url.Values{"email": {ada.Email}, "password": {ada.Password}})
	r.get(t, c, "/pool/logout", authorization())
	if got := r.get(t, c, "/pool/oauth2/authorize", authorization("prompt", "none")); got.location.Query().Get("error") != "login_required" {
		t.Errorf("still signed in: %v", got.location)
	}
}
