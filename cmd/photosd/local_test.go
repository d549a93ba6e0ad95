package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/cognito"
	"photos/internal/redirect"
	"photos/internal/service"
	"photos/internal/testkit/person"
	"photos/internal/userpool"
)

// local is a local user pool at a test server.
type local struct {
	signIn *signIn
	url    string // of its pages
}

const localVerifier = "a-verifier-that-is-long-enough-for-rfc-7636-abc"

// startLocal opens a local user pool with the settings.
func startLocal(t *testing.T, s *settings) local {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.baseURL = server.URL
	signIn, err := newLocal(t.Context(), s, newTalk(io.Discard, formatText))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := signIn.close(); err != nil {
			t.Error(err)
		}
	})
	for pattern, h := range signIn.pages {
		mux.Handle(pattern, h)
	}
	return local{signIn, signIn.resource.Domain}
}

// signUp signs up a new account. It returns the code that the command line gets, or "" if there is no account.
func (l local) signUp(t *testing.T, password string) string {
	t.Helper()
	return visit(t, l.url, person.Person{Email: "ada@example.org", Nickname: "Ada", Password: password, SignUp: true})
}

// visit visits a pool's pages. It returns the code that the command line gets, or "".
func visit(t *testing.T, pool string, who person.Person) (code string) {
	t.Helper()
	sum := sha256.Sum256([]byte(localVerifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {localClient}, "redirect_uri": {redirect.URIs()[0]},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	who.Visited = func(u *url.URL) { code = u.Query().Get("code") }
	_, _ = who.Visit(t.Context(), pool+"/oauth2/authorize?"+q.Encode()) // the visit ends in an error, because no command line listens
	return code
}

// granted is the answer of the token endpoint and the scopes of the access token.
type granted struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"-"`
}

func (l local) token(t *testing.T, pairs ...string) granted {
	t.Helper()
	return redeem(t, l.url, pairs...)
}

func redeem(t *testing.T, pool string, pairs ...string) granted {
	t.Helper()
	form := url.Values{"client_id": {localClient}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(pool+"/oauth2/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got granted
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	parts := strings.Split(got.Access, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Scope string `json:"scope"`
	}
	if err := json.Unmarshal(claims, &read); err != nil {
		t.Fatal(err)
	}
	got.Scope = read.Scope
	return got
}

// TestAccountsOfBeforeTheMove opens a pool as it was before its pages moved below /pool. An account keeps its owner, and
// its sessions end.
func TestAccountsOfBeforeTheMove(t *testing.T) {
	t.Parallel()
	s, err := parseSettings(nil, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s.data = t.TempDir()
	ada := person.Person{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse", SignUp: true}
	issuer, session, owner := former(t, s.data, ada)

	pool := startLocal(t, s)
	if pool.signIn.previous != issuer {
		t.Errorf("sessions of %q end, want those of %q", pool.signIn.previous, issuer)
	}
	if _, err := pool.signIn.verify(t.Context(), session.Access); err == nil {
		t.Error("an access token of before is accepted")
	}
	ada.SignUp = false
	now := pool.token(t, "grant_type", "authorization_code", "code", visit(t, pool.url, ada), "code_verifier", localVerifier, "redirect_uri", redirect.URIs()[0])
	who, err := pool.signIn.verify(t.Context(), now.Access)
	if err != nil || who.Pool != owner.Pool || who.Subject != owner.Subject {
		t.Errorf("the account is now %s of %s, and was %s of %s; %v", who.Subject, who.Pool, owner.Subject, owner.Pool, err)
	}

	base := strings.TrimSuffix(pool.url, localPath)
	for path, want := range map[string]int{"/oauth2/token": http.StatusBadRequest, "/oauth2/revoke": http.StatusOK} {
		resp, err := http.PostForm(base+path, url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {session.Refresh}, "token": {session.Refresh}, "client_id": {localClient},
		})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want || want == http.StatusBadRequest && string(body) != `{"error":"invalid_grant"}` {
			t.Errorf("%s: status %d, %s, %v", path, resp.StatusCode, body, err)
		}
	}
}

// former makes a pool at the root of its service, and an account with a session.
func former(t *testing.T, data string, who person.Person) (issuer string, session granted, owner service.Identity) {
	t.Helper()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	pool, err := userpool.Open(t.Context(), userpool.Config{
		BaseURL: web.URL, Path: filepath.Join(data, "userpool.db"), Clients: []userpool.Client{{ID: localClient, RedirectURIs: redirect.URIs()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	web.Config.Handler = pool.Handler()
	session = redeem(t, web.URL, "grant_type", "authorization_code", "code", visit(t, web.URL, who), "code_verifier", localVerifier, "redirect_uri", redirect.URIs()[0])
	verifier, err := cognito.New(cognito.Config{Issuer: pool.Issuer(), ClientIDs: []string{localClient}})
	if err != nil {
		t.Fatal(err)
	}
	owner, err = identify(verifier)(t.Context(), session.Access)
	if err != nil {
		t.Fatal(err)
	}
	return pool.Issuer(), session, owner
}
