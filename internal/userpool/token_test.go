package userpool_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"photos/internal/userpool"
)

func TestTokensAreLikeCognitos(t *testing.T) {
	t.Parallel()
	r := start(t)
	got := r.session(t)
	if got.Type != "Bearer" || got.ExpiresIn != 3600 || len(got.Refresh) < 1852 || len(got.Refresh) > 1854 {
		t.Errorf("type %q, expires_in %d, %d bytes of refresh token", got.Type, got.ExpiresIn, len(got.Refresh))
	}
	access, accessKey := r.claims(t, got.Access)
	id, idKey := r.claims(t, got.ID)
	if accessKey == idKey {
		t.Error("ID and access tokens are signed with one key")
	}
	now := float64(r.clock().Unix())
	sum := sha256.Sum256([]byte(got.Access))
	if _, err := jose.ParseEncryptedCompact(got.Refresh, []jose.KeyAlgorithm{jose.RSA_OAEP}, []jose.ContentEncryption{jose.A256GCM}); err != nil {
		t.Errorf("the refresh token does not look like an encrypted JWT: %v", err)
	}
	sub, origin, event := access["sub"], access["origin_jti"], access["event_id"]
	for name, jti := range map[string]any{"sub": sub, "event_id": event, "origin_jti": origin, "jti": access["jti"], "jti of the ID token": id["jti"]} {
		if s, _ := jti.(string); len(s) != 36 {
			t.Errorf("%s is %q, not a UUID", name, jti)
		}
	}
	want := map[string]any{
		"sub": sub, "iss": r.Issuer(), "client_id": "cli", "origin_jti": origin, "event_id": event, "token_use": "access", "scope": "openid",
		"auth_time": now, "exp": now + 3600, "iat": now, "jti": access["jti"], "username": sub, "version": float64(2),
	}
	if diff := cmp.Diff(want, access); diff != "" {
		t.Errorf("access token (-want +got):\n%s", diff)
	}
	want = map[string]any{
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]), "sub": sub, "iss": r.Issuer(), "aud": "cli", "cognito:username": sub,
		"nonce": "n0nce", "origin_jti": origin, "event_id": event, "token_use": "id", "auth_time": now, "exp": now + 3600, "iat": now, "jti": id["jti"],
		"nickname": "Ada", "email": "ada@example.org", "email_verified": true,
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}
}

func TestScopesNarrowTheIDToken(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, test := range []struct {
		scope, granted  string
		email, nickname any
	}{
		{"openid", "openid", "ada@example.org", "Ada"},
		{"openid email", "openid email", "ada@example.org", nil},
		{"openid profile", "openid profile", nil, "Ada"},
		{"", "openid email phone profile aws.cognito.signin.user.admin", "ada@example.org", "Ada"},
	} {
		_, got := r.token(t, redemption(r.code(t, authorization("scope", test.scope))))
		access, _ := r.claims(t, got.Access)
		id, _ := r.claims(t, got.ID)
		if access["scope"] != test.granted || id["email"] != test.email || id["nickname"] != test.nickname {
			t.Errorf("scope %q: granted %q, e-mail %v, nickname %v", test.scope, access["scope"], id["email"], id["nickname"])
		}
	}
	_, got := r.token(t, redemption(r.code(t, authorization("scope", "aws.cognito.signin.user.admin"))))
	if got.Access == "" || got.ID != "" {
		t.Error("without openid there is an access token and no ID token")
	}
}

func TestRedeemingACode(t *testing.T) {
	t.Parallel()
	r := start(t)
	basic := func(id, secret string) []string {
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		return []string{"Authorization", req.Header.Get("Authorization")}
	}
	web := []string{"client_id", "web", "redirect_uri", callback + "?from=web"}
	webSecret := append([]string{"client_secret", "s3cret+/%"}, web...)
	noPKCE := append([]string{"code_challenge", "", "code_challenge_method", ""}, web...)
	for _, test := range []struct {
		name    string
		request []string // changes to the authorization request
		token   []string // changes to the token request
		headers []string
		status  int
		err     string
	}{
		{name: "public client", status: 200},
		{name: "secret of a public client", token: []string{"client_secret", "x"}, status: 400, err: "invalid_client"},
		{name: "unknown client", token: []string{"client_id", "other"}, status: 400, err: "invalid_client"},
		{name: "no client", token: []string{"client_id", ""}, status: 400, err: "invalid_client"},
		{name: "confidential client, body", request: web, token: webSecret, status: 200},
		{name: "confidential client, Basic", request: web, token: web, headers: basic("web", "s3cret+/%"), status: 200},
		{name: "confidential client, both", request: web, token: webSecret, headers: basic("web", "s3cret+/%"), status: 400, err: "invalid_request"},
		{name: "confidential client, wrong secret", request: web, token: web, headers: basic("web", "guess"), status: 401, err: "invalid_client"},
		{name: "confidential client, no secret", request: web, token: web, status: 400, err: "invalid_client"},
		{name: "two client ids", request: web, headers: basic("web", "s3cret+/%"), status: 400, err: "invalid_request"},
		{name: "code of another client", token: webSecret, status: 400, err: "invalid_grant"},
		{name: "wrong verifier", token: []string{"code_verifier", "guess"}, status: 400, err: "invalid_grant"},
		{name: "no verifier", token: []string{"code_verifier", ""}, status: 400, err: "invalid_grant"},
		{name: "no PKCE", request: noPKCE, token: append([]string{"code_verifier", ""}, webSecret...), status: 200},
		{name: "PKCE cut out", request: noPKCE, token: webSecret, status: 400, err: "invalid_grant"},
		{name: "other redirect URI", token: []string{"redirect_uri", "http://[::1]:18484/callback"}, status: 400, err: "unauthorized_client"},
		{name: "no redirect URI", token: []string{"redirect_uri", ""}, status: 400, err: "unauthorized_client"},
		{name: "unknown code", token: []string{"code", "guess"}, status: 400, err: "invalid_grant"},
		{name: "no code", token: []string{"code", ""}, status: 400, err: "invalid_request"},
		{name: "no grant type", token: []string{"grant_type", ""}, status: 400, err: "invalid_request"},
		{name: "client credentials", token: []string{"grant_type", "client_credentials"}, status: 400, err: "unauthorized_client"},
		{name: "client credentials of nobody", token: []string{"grant_type", "client_credentials", "client_id", "other"}, status: 400, err: "invalid_client"},
		{name: "other grant type", token: []string{"grant_type", "password"}, status: 400, err: "unsupported_grant_type"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, got := r.token(t, redemption(r.code(t, authorization(test.request...)), test.token...), test.headers...)
			if status != test.status || got.Error != test.err {
				t.Errorf("status %d, error %q; want %d, %q", status, got.Error, test.status, test.err)
			}
			if (got.Access != "") != (test.err == "") {
				t.Error("tokens and an error")
			}
		})
	}
	t.Run("parameter twice", func(t *testing.T) {
		form := redemption(r.code(t, authorization()))
		form.Add("code", "second")
		if status, got := r.token(t, form); status != 400 || got.Error != "invalid_request" {
			t.Errorf("status %d, error %q", status, got.Error)
		}
	})
}

func TestACodeWorksOnceAndForFiveMinutes(t *testing.T) {
	t.Parallel()
	r := start(t)
	code := r.code(t, authorization())
	r.pass(5*time.Minute - time.Second)
	status, session := r.token(t, redemption(code))
	if status != http.StatusOK {
		t.Fatalf("after 4:59: status %d", status)
	}
	if _, got := r.token(t, refreshing(session.Refresh)); got.Error != "" {
		t.Errorf("refresh: %q", got.Error)
	}
	if status, got := r.token(t, redemption(code)); status != http.StatusBadRequest || got.Error != "invalid_grant" {
		t.Errorf("again: status %d, %q", status, got.Error)
	}
	if _, got := r.token(t, refreshing(session.Refresh)); got.Error != "invalid_grant" {
		t.Errorf("refresh after the code was used again: %q", got.Error)
	}
	code = r.code(t, authorization())
	r.pass(5 * time.Minute)
	if _, got := r.token(t, redemption(code)); got.Error != "invalid_grant" {
		t.Errorf("after 5:00: %q", got.Error)
	}
	code = r.code(t, authorization())
	r.token(t, redemption(code, "client_secret", ""), "Authorization", "Basic Y2xpOg==") // what x/oauth2 tries first
	if _, got := r.token(t, redemption(code)); got.Error != "invalid_grant" {
		t.Errorf("after a failed probe of the client's authentication: %q", got.Error)
	}
}

func TestRefreshWithoutRotation(t *testing.T) {
	t.Parallel()
	r := start(t)
	first := r.session(t)
	r.pass(30*time.Minute + 29*24*time.Hour)
	status, second := r.token(t, refreshing(first.Refresh))
	if status != http.StatusOK || second.Refresh != "" || second.Access == first.Access || second.ID == "" {
		t.Fatalf("status %d, %q; refresh token %q", status, second.Error, second.Refresh)
	}
	old, _ := r.claims(t, first.Access)
	renewed, _ := r.claims(t, second.Access)
	id, _ := r.claims(t, second.ID)
	if renewed["origin_jti"] != old["origin_jti"] || renewed["auth_time"] != old["auth_time"] || renewed["jti"] == old["jti"] || id["nonce"] != nil {
		t.Errorf("renewed access token %v, ID token %v; the first access token was %v", renewed, id, old)
	}
	for name, form := range map[string]url.Values{
		"another client's": refreshing(first.Refresh, "client_id", "web", "client_secret", "s3cret+/%"),
		"unknown":          refreshing("guess"),
	} {
		if status, got := r.token(t, form); status != 400 || got.Error != "invalid_grant" {
			t.Errorf("%s: status %d, %q", name, status, got.Error)
		}
	}
	if _, got := r.token(t, refreshing("")); got.Error != "invalid_request" {
		t.Errorf("no token: %q", got.Error)
	}
	r.pass(24 * time.Hour)
	if _, got := r.token(t, refreshing(first.Refresh)); got.Error != "invalid_grant" {
		t.Errorf("after 30 days: %q", got.Error)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.Rotation, c.RotationGrace = true, 10*time.Second })
	first := r.session(t)
	use := func(token, wantErr string) string {
		t.Helper()
		_, got := r.token(t, refreshing(token))
		if got.Error != wantErr || (got.Refresh == "") != (wantErr != "") || got.Refresh != "" && got.Refresh == token {
			t.Fatalf("refresh: error %q, want %q; new refresh token: %v", got.Error, wantErr, got.Refresh != "")
		}
		return got.Refresh
	}
	second := use(first.Refresh, "")
	r.pass(9 * time.Second)
	fork := use(first.Refresh, "")
	r.pass(time.Second)
	use(first.Refresh, "invalid_grant")
	second, fork = use(second, ""), use(fork, "") // reuse was refused, and ended nothing
	r.pass(30*24*time.Hour - 11*time.Second)
	second = use(second, "")
	r.pass(time.Second)
	use(second, "invalid_grant") // a session never slides
	use(fork, "invalid_grant")
}

func TestConcurrentRefreshesWithoutGraceSucceedOnce(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.Rotation = true })
	refresh := r.session(t).Refresh
	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, got := r.token(t, refreshing(refresh))
			mu.Lock()
			defer mu.Unlock()
			outcomes[got.Error]++
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[string]int{"": 1, "invalid_grant": 49}, outcomes); diff != "" {
		t.Error(diff)
	}
	if got := r.behaviour.Requests()["/oauth2/token"]; got != 51 {
		t.Errorf("%d requests counted, want 51", got)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *userpool.Config) { c.Rotation, c.RotationGrace = true, time.Minute })
	session := r.session(t)
	_, renewed := r.token(t, refreshing(session.Refresh))
	revoke := func(token string, pairs ...string) answer {
		t.Helper()
		return r.post(t, http.DefaultClient, "/oauth2/revoke", with(url.Values{"token": {token}, "client_id": {"cli"}}, pairs...))
	}
	for _, test := range []struct {
		name, token string
		pairs       []string
		status      int
		body        string
	}{
		{"access token", session.Access, nil, 400, `{"error":"unsupported_token_type"}`},
		{"no token", "", nil, 400, `{"error":"invalid_request"}`},
		{"unknown client", session.Refresh, []string{"client_id", "other"}, 401, `{"error":"invalid_client"}`},
		{"another client's token", session.Refresh, []string{"client_id", "web", "client_secret", "s3cret+/%"}, 200, ""},
		{"unknown token", "guess", nil, 200, ""},
	} {
		if got := revoke(test.token, test.pairs...); got.status != test.status || strings.TrimSpace(got.body) != test.body {
			t.Errorf("%s: status %d, body %q", test.name, got.status, got.body)
		}
	}
	_, renewed = r.token(t, refreshing(renewed.Refresh)) // still there
	for range 2 {
		if got := revoke(session.Refresh); got.status != 200 || got.body != "" {
			t.Errorf("status %d, body %q", got.status, got.body)
		}
	}
	for name, token := range map[string]string{"revoked": session.Refresh, "its successor": renewed.Refresh} {
		if _, got := r.token(t, refreshing(token)); got.Error != "invalid_grant" {
			t.Errorf("%s: %q", name, got.Error)
		}
	}
	r.claims(t, renewed.Access) // verifies until it expires
	if got := r.userInfo(t, "Bearer "+renewed.Access); got.status != http.StatusUnauthorized {
		t.Errorf("userInfo after revoking: status %d", got.status)
	}
}

func (r *rig) userInfo(t *testing.T, authorization string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+"/oauth2/userInfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	return r.do(t, http.DefaultClient, req)
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	r := start(t)
	session := r.session(t)
	claims, _ := r.claims(t, session.Access)
	sub, _ := claims["sub"].(string)
	want := `{"email":"ada@example.org","email_verified":"true","nickname":"Ada","sub":"` + sub + `","username":"` + sub + `"}`
	if got := r.userInfo(t, "Bearer "+session.Access); got.status != 200 || strings.TrimSpace(got.body) != want {
		t.Errorf("status %d, %s", got.status, got.body)
	}
	for scope, want := range map[string]string{
		"openid email":   `{"email":"ada@example.org","email_verified":"true","sub":"` + sub + `","username":"` + sub + `"}`,
		"openid profile": `{"nickname":"Ada","sub":"` + sub + `","username":"` + sub + `"}`,
		"openid phone":   `{"sub":"` + sub + `","username":"` + sub + `"}`,
	} {
		_, narrow := r.token(t, redemption(r.code(t, authorization("scope", scope))))
		if got := r.userInfo(t, "Bearer "+narrow.Access); got.status != 200 || strings.TrimSpace(got.body) != want {
			t.Errorf("%s: status %d, %s", scope, got.status, got.body)
		}
	}
	_, noOpenID := r.token(t, redemption(r.code(t, authorization("scope", "aws.cognito.signin.user.admin"))))
	head, _, _ := strings.Cut(session.Access, ".")
	for name, test := range map[string]struct {
		authorization string
		status        int
	}{
		"nothing":        {"", 400},
		"Basic":          {"Basic eDp5", 400},
		"ID token":       {"Bearer " + session.ID, 401},
		"refresh token":  {"Bearer " + session.Refresh, 401},
		"without openid": {"Bearer " + noOpenID.Access, 401},
		"forged":         {"Bearer " + head + ".e30.c2ln", 401},
	} {
		if got := r.userInfo(t, test.authorization); got.status != test.status || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: status %d, want %d", name, got.status, test.status)
		}
	}
	r.pass(time.Hour)
	if got := r.userInfo(t, "Bearer "+session.Access); got.status != 401 {
		t.Errorf("expired: status %d", got.status)
	}
}

func TestACodeUsedByManyAtOnceGivesNoSession(t *testing.T) {
	t.Parallel()
	r := start(t)
	for range 5 {
		code := r.code(t, authorization())
		var mu sync.Mutex
		var refresh []string
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, got := r.token(t, redemption(code))
				mu.Lock()
				defer mu.Unlock()
				if got.Refresh != "" {
					refresh = append(refresh, got.Refresh)
				}
			})
		}
		wg.Wait()
		for _, token := range refresh {
			if _, got := r.token(t, refreshing(token)); got.Error != "invalid_grant" {
				t.Errorf("a session of a code that was used eight times: %q", got.Error)
			}
		}
	}
}

func TestAResourceBindsTheAccessToken(t *testing.T) {
	t.Parallel()
	r := start(t)
	_, got := r.token(t, redemption(r.code(t, authorization("resource", "https://photos.example.org"))))
	_, renewed := r.token(t, refreshing(got.Refresh))
	for name, token := range map[string]string{"first": got.Access, "refreshed": renewed.Access} {
		if claims, _ := r.claims(t, token); claims["aud"] != "https://photos.example.org" {
			t.Errorf("%s: aud %v", name, claims["aud"])
		}
	}
	if claims, _ := r.claims(t, got.ID); claims["aud"] != "cli" {
		t.Errorf("ID token: aud %v", claims["aud"])
	}
}
