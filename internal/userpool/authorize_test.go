package userpool_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/userpool"
)

func TestAuthorizationRequests(t *testing.T) {
	t.Parallel()
	r := start(t)
	back := func(code string) string { return callback + "?error=" + code }
	for _, test := range []struct {
		name   string
		change []string
		want   string // prefix of the location
	}{
		{"good", nil, "/login?client_id=cli&code_challenge="},
		{"no PKCE", []string{"code_challenge", "", "code_challenge_method", ""}, back("invalid_request")},
		{"no PKCE, with a secret", []string{"client_id", "web", "redirect_uri", callback + "?from=web", "code_challenge", "", "code_challenge_method", ""}, "/login?client_id=web&nonce="},
		{"language", []string{"lang", "de"}, "/login?"},
		{"resource", []string{"resource", "https://photos.example.org"}, "/login?"},
		{"resource here", []string{"resource", "http://127.0.0.1:8080"}, "/login?"},
		{"resource elsewhere without TLS", []string{"resource", "http://photos.example.org"}, back("invalid_request")},
		{"resource that is not an address", []string{"resource", "photos"}, back("invalid_request")},
		{"identifier of a provider", []string{"idp_identifier", "example.org"}, back("invalid_request")},
		{"consent", []string{"prompt", "consent"}, "/login?"},
		{"login and consent", []string{"prompt", "login consent"}, "/login?"},
		{"none and login", []string{"prompt", "none login"}, back("invalid_request")},
		{"unknown prompt", []string{"prompt", "sing"}, back("invalid_request")},
		{"e-mail without openid", []string{"scope", "email"}, back("invalid_scope")},
		{"a scope that is not the client's", []string{"client_id", "plain", "scope", "openid email"}, back("invalid_scope")},
		{"all scopes of the client", []string{"client_id", "plain", "scope", ""}, "/login?"},
		{"the pool itself", []string{"identity_provider", "COGNITO"}, "/login?"},
		{"no scope", []string{"scope", ""}, "/login?"},
		{"other port", []string{"redirect_uri", "http://127.0.0.1:18485/callback"}, "/error?client_id=cli&error=redirect_mismatch"},
		{"slash at the end", []string{"redirect_uri", callback + "/"}, "/error?client_id=cli&error=redirect_mismatch"},
		{"other case", []string{"redirect_uri", "http://127.0.0.1:18484/Callback"}, "/error?client_id=cli&error=redirect_mismatch"},
		{"another client's", []string{"client_id", "web"}, "/error?client_id=web&error=redirect_mismatch"},
		{"no redirect URI", []string{"redirect_uri", ""}, "/error?client_id=cli&error=redirect_mismatch"},
		{"unknown client", []string{"client_id", "other"}, "/error?client_id=other&error=invalid_client"},
		{"no client", []string{"client_id", ""}, "/error?client_id=&error=invalid_client"},
		{"implicit", []string{"response_type", "token"}, back("unauthorized_client")},
		{"no response type", []string{"response_type", ""}, back("invalid_request")},
		{"plain PKCE", []string{"code_challenge_method", "plain"}, back("invalid_request")},
		{"challenge without method", []string{"code_challenge_method", ""}, back("invalid_request")},
		{"method without challenge", []string{"code_challenge", ""}, back("invalid_request")},
		{"short challenge", []string{"code_challenge", "abc"}, back("invalid_request")},
		{"offline_access", []string{"scope", "openid offline_access"}, back("invalid_scope")},
		{"other provider", []string{"identity_provider", "LoginWithAmazon"}, back("invalid_request")},
		{"not signed in, no prompt", []string{"prompt", "none"}, back("login_required")},
		{"far too long", []string{"state", strings.Repeat("x", 9000)}, "/error?client_id=cli&error=invalid_request"},
	} {
		for _, path := range []string{"/oauth2/authorize", "/login", "/signup"} {
			got := r.get(t, newBrowser(t), path, authorization(test.change...))
			wantPage := path != "/oauth2/authorize" && (strings.HasPrefix(test.want, "/login") || strings.Contains(test.want, "login_required"))
			switch {
			case wantPage && got.status != http.StatusOK:
				t.Errorf("%s: %s: status %d", path, test.name, got.status)
			case !wantPage && (got.status != http.StatusFound || !strings.HasPrefix(strings.TrimPrefix(got.location.String(), r.server.URL), test.want)):
				t.Errorf("%s: %s: status %d, location %v", path, test.name, got.status, got.location)
			case !wantPage && got.location.Host == "127.0.0.1:18484" && got.location.Query().Get("state") != "st&te":
				t.Errorf("%s: %s: the state got lost: %v", path, test.name, got.location)
			}
		}
	}
}

func TestTheLoginPageKeepsTheRequest(t *testing.T) {
	t.Parallel()
	r := start(t)
	q := authorization("login_hint", "ada@example.org")
	got := r.get(t, newBrowser(t), "/oauth2/authorize", q)
	if got.location.Path != "/login" || got.location.Query().Encode() != q.Encode() {
		t.Errorf("location %v", got.location)
	}
	page := r.get(t, newBrowser(t), "/login", q)
	if !strings.Contains(page.body, `value="ada@example.org"`) {
		t.Error("login_hint is not filled in")
	}
}

func TestErrorPage(t *testing.T) {
	t.Parallel()
	r := start(t)
	got := r.get(t, newBrowser(t), "/error", url.Values{"error": {"redirect_mismatch"}, "client_id": {"<script>"}})
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, "redirect_mismatch") || strings.Contains(got.body, "script") {
		t.Errorf("status %d\n%s", got.status, got.body)
	}
}

func TestTheBrowserStaysSignedInForAnHour(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := newBrowser(t)
	signedIn := r.signIn(t, c, authorization(), ada)
	cookie := signedIn.header.Get("Set-Cookie")
	for _, want := range []string{"session-" + r.PoolID() + "=", "Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("%q lacks %q", cookie, want)
		}
	}
	r.pass(59 * time.Minute)
	again := r.get(t, c, "/oauth2/authorize", authorization("prompt", "none"))
	if again.location.Query().Get("code") == "" || again.location.Query().Get("state") != "st&te" {
		t.Fatalf("within the hour: %v", again.location)
	}
	_, got := r.token(t, redemption(again.location.Query().Get("code")))
	access, _ := r.claims(t, got.Access)
	if want := float64(r.clock().Add(-59 * time.Minute).Unix()); access["auth_time"] != want {
		t.Errorf("auth_time %v, want %v: when the password was typed", access["auth_time"], want)
	}
	for prompt, want := range map[string]string{"login": "/login", "login consent": "/login", "select_account": "/login", "consent": "/callback"} {
		if got := r.get(t, c, "/oauth2/authorize", authorization("prompt", prompt)); got.location.Path != want {
			t.Errorf("prompt=%s: %v", prompt, got.location)
		}
	}
	r.pass(time.Minute)
	if got := r.get(t, c, "/oauth2/authorize", authorization()); got.location.Path != "/login" {
		t.Errorf("after the hour: %v", got.location)
	}
}

func TestLogoutSignsTheBrowserOut(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := newBrowser(t)
	r.signIn(t, c, authorization(), ada)
	stolen := c.Jar.Cookies(mustParse(t, r.server.URL))
	for _, q := range []url.Values{{"client_id": {"cli"}, "logout_uri": {goodbye + "/"}}, {"client_id": {"web"}, "logout_uri": {goodbye}}, {"client_id": {"cli"}, "redirect_uri": {callback + "/"}}} {
		if got := r.get(t, c, "/logout", q); got.location.Query().Get("error") != "redirect_mismatch" {
			t.Errorf("logout with %v: %v", q, got.location)
		}
	}
	if got := r.get(t, c, "/logout", url.Values{"client_id": {"cli"}}); got.location.Query().Get("error") != "invalid_request" {
		t.Errorf("logout to nowhere: %v", got.location)
	}
	if got := r.get(t, c, "/oauth2/authorize", authorization()); got.location.Query().Get("code") == "" {
		t.Error("a refused logout signed out")
	}
	got := r.get(t, c, "/logout", url.Values{"client_id": {"cli"}, "logout_uri": {goodbye}})
	if got.status != http.StatusFound || got.location.String() != goodbye || !strings.Contains(got.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout: status %d, location %v, cookie %q", got.status, got.location, got.header.Get("Set-Cookie"))
	}
	c.Jar.SetCookies(mustParse(t, r.server.URL), stolen)
	if got := r.get(t, c, "/oauth2/authorize", authorization()); got.location.Path != "/login" {
		t.Errorf("with the old cookie: %v", got.location)
	}
}

func TestLogoutToAnotherSignIn(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := newBrowser(t)
	r.signIn(t, c, authorization(), ada)
	got := r.get(t, c, "/logout", authorization())
	if got.status != http.StatusFound || got.location.Path != "/login" || got.location.Query().Encode() != authorization().Encode() {
		t.Errorf("status %d, location %v", got.status, got.location)
	}
	if got := r.get(t, c, "/oauth2/authorize", authorization("prompt", "none")); got.location.Query().Get("error") != "login_required" {
		t.Errorf("still signed in: %v", got.location)
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestARegisteredQueryStaysInTheRedirect(t *testing.T) {
	t.Parallel()
	r := start(t)
	got := r.signIn(t, newBrowser(t), authorization("client_id", "web", "redirect_uri", callback+"?from=web"), ada)
	if got.location.Query().Get("from") != "web" || got.location.Query().Get("code") == "" {
		t.Errorf("location %v", got.location)
	}
}

func TestARestartKeepsSessions(t *testing.T) {
	t.Parallel()
	r := start(t)
	c := newBrowser(t)
	code := r.signIn(t, c, authorization(), ada).location.Query().Get("code")
	session, poolID := r.session(t), r.PoolID()
	r.restart(t)
	if r.PoolID() != poolID || r.PreviousIssuer() != r.Issuer() {
		t.Errorf("pool %s was %s; issuer %s was %s", r.PoolID(), poolID, r.Issuer(), r.PreviousIssuer())
	}
	r.claims(t, session.Access)
	if status, _ := r.token(t, redemption(code)); status != http.StatusOK {
		t.Errorf("code: status %d", status)
	}
	if status, _ := r.token(t, refreshing(session.Refresh)); status != http.StatusOK {
		t.Errorf("refresh token: status %d", status)
	}
	if got := r.get(t, c, "/oauth2/authorize", authorization()); got.location.Query().Get("code") == "" {
		t.Errorf("browser: %v", got.location)
	}
	before := r.Issuer()
	r.config.BaseURL = "http://localhost:1"
	r.restart(t)
	if r.PreviousIssuer() != before || r.Issuer() != "http://localhost:1/"+poolID {
		t.Errorf("issuer %s was %s", r.Issuer(), r.PreviousIssuer())
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.IssuerBase = "http://issuer.localhost" })
	if !strings.HasPrefix(r.PoolID(), "local_") || r.Issuer() != "http://issuer.localhost/"+r.PoolID() {
		t.Errorf("pool %q, issuer %q", r.PoolID(), r.Issuer())
	}
	got := r.get(t, http.DefaultClient, "/"+r.PoolID()+"/.well-known/openid-configuration", nil)
	for _, want := range []string{
		`"issuer":"` + r.Issuer() + `"`, `"jwks_uri":"` + r.Issuer() + `/.well-known/jwks.json"`,
		`"token_endpoint":"` + r.server.URL + `/oauth2/token"`, `"authorization_endpoint":"` + r.server.URL + `/oauth2/authorize"`,
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s lacks %s", got.body, want)
		}
	}
	if strings.Contains(got.body, `"S256"`) {
		t.Error("Cognito's discovery does not mention S256")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	r := start(t)
	for name, test := range map[string]struct {
		change func(*userpool.Config)
		says   string
	}{
		"no base URL":           {func(c *userpool.Config) { c.BaseURL = "" }, "is not a base address"},
		"slash at the end":      {func(c *userpool.Config) { c.BaseURL += "/" }, "is not a base address"},
		"slash after a path":    {func(c *userpool.Config) { c.BaseURL += "/pool/" }, "is not a base address"},
		"query":                 {func(c *userpool.Config) { c.BaseURL += "/pool?x" }, "is not a base address"},
		"issuer without scheme": {func(c *userpool.Config) { c.IssuerBase = "localhost" }, "is not a base address"},
		"no folder":             {func(c *userpool.Config) { c.Path += ".d/pool.db" }, "no such file"},
		"not a database":        {func(c *userpool.Config) { c.Path = foreignFile(t) }, "not a database"},
	} {
		c := r.config
		test.change(&c)
		if err := openAgain(t.Context(), c); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func foreignFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("buy milk\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
