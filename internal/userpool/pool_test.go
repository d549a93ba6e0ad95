package userpool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"photos/internal/userpool"
)

const (
	callback = "http://127.0.0.1:18484/callback"
	goodbye  = "http://127.0.0.1:18484/bye"
	verifier = "a-verifier-that-is-long-enough-for-rfc-7636-abc"
)

var ada = userpool.NewUser{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse"}

// rig is a running pool with a clock that only the test changes.
type rig struct {
	*userpool.Pool
	server    *httptest.Server
	behaviour *userpool.Behaviour
	config    userpool.Config
	talk      *syncBuffer
	browser   *http.Client

	mu  sync.Mutex
	now time.Time
}

// allScopes are the scopes that Cognito has.
func allScopes() []string {
	return []string{"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"}
}

// start runs a pool with a public client "cli" and a confidential client "web", which may ask for every scope, a
// public client "plain", which may not, and Ada as its user.
func start(t testing.TB, change ...func(*userpool.Config)) *rig {
	t.Helper()
	r := &rig{behaviour: new(userpool.Behaviour), talk: new(syncBuffer), browser: newBrowser(t), now: time.Now().Truncate(time.Second)}
	r.server = httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(r.server.Close)
	r.config = userpool.Config{
		BaseURL: r.server.URL, Path: filepath.Join(t.TempDir(), "a pool.db"), Out: r.talk, Behaviour: r.behaviour,
		Clients: []userpool.Client{
			{ID: "cli", RedirectURIs: []string{callback, "http://[::1]:18484/callback"}, LogoutURIs: []string{goodbye}, Scopes: allScopes()},
			{ID: "web", Secret: "s3cret+/%", RedirectURIs: []string{callback + "?from=web"}, Scopes: allScopes()},
			{ID: "plain", RedirectURIs: []string{callback}},
		},
		Now: r.clock,
	}
	for _, c := range change {
		c(&r.config)
	}
	if r.config.PoolID == "" {
		premade, err := premadeFile()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.config.Path, premade, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.open(t)
	if err := r.AddUser(t.Context(), ada); err != nil && !errors.Is(err, userpool.ErrTaken) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// premadeFile returns the file of a pool with keys and Ada, because it takes long to generate RSA keys for every test.
var premadeFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "userpool-test-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pool.db")
	pool, err := userpool.Open(context.Background(), userpool.Config{BaseURL: "http://premade.localhost", Path: path})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(pool.AddUser(context.Background(), ada), pool.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func (r *rig) open(t testing.TB) {
	t.Helper()
	pool, err := userpool.Open(t.Context(), r.config)
	if err != nil {
		t.Fatal(err)
	}
	r.Pool, r.server.Config.Handler = pool, http.StripPrefix(strings.TrimPrefix(r.config.BaseURL, r.server.URL), pool.Handler())
}

// restart closes the pool and opens it again.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// authorization returns a valid authorization request of the CLI. pairs change its parameters, and "" removes one.
func authorization(pairs ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {"cli"}, "redirect_uri": {callback}, "state": {"st&te"}, "scope": {"openid"}, "nonce": {"n0nce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	return with(q, pairs...)
}

func with(q url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// newBrowser returns a client that keeps cookies and follows no redirect.
func newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response with its complete body.
type answer struct {
	status   int
	header   http.Header
	body     string
	location *url.URL // nil: none
}

func (r *rig) do(t *testing.T, c *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	location, err := resp.Location()
	if err != nil {
		location = nil
	}
	return answer{resp.StatusCode, resp.Header, string(body), location}
}

func (r *rig) get(t *testing.T, c *http.Client, path string, q url.Values) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+path+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.do(t, c, req)
}

func (r *rig) post(t *testing.T, c *http.Client, path string, form url.Values, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return r.do(t, c, req)
}

func (r *rig) signIn(t *testing.T, c *http.Client, q url.Values, u userpool.NewUser) answer {
	t.Helper()
	return r.post(t, c, "/login?"+q.Encode(), url.Values{"email": {u.Email}, "password": {u.Password}})
}

// code returns an authorization code for Ada, who types her password once.
func (r *rig) code(t *testing.T, q url.Values) string {
	t.Helper()
	a := r.get(t, r.browser, "/oauth2/authorize", q)
	if a.location != nil && a.location.Path == "/login" {
		a = r.signIn(t, r.browser, q, ada)
	}
	if a.status != http.StatusFound || a.location.Query().Get("code") == "" {
		t.Fatalf("sign-in: status %d, location %v", a.status, a.location)
	}
	return a.location.Query().Get("code")
}

// tokens is the answer of the token endpoint.
type tokens struct {
	Access    string `json:"access_token"`
	ID        string `json:"id_token"`
	Refresh   string `json:"refresh_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Error     string `json:"error"`
}

func (r *rig) token(t *testing.T, form url.Values, headers ...string) (int, tokens) {
	t.Helper()
	a := r.post(t, http.DefaultClient, "/oauth2/token", form, headers...)
	var got tokens
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("status %d, %q: %v", a.status, a.body, err)
	}
	return a.status, got
}

func redemption(code string, pairs ...string) url.Values {
	return with(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"cli"}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}, pairs...)
}

func refreshing(token string, pairs ...string) url.Values {
	return with(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"cli"}}, pairs...)
}

// session signs Ada in and exchanges the code.
func (r *rig) session(t *testing.T) tokens {
	t.Helper()
	status, got := r.token(t, redemption(r.code(t, authorization())))
	if status != http.StatusOK {
		t.Fatalf("redeeming a code: status %d, %s", status, got.Error)
	}
	return got
}

// claims verifies a token with the published keys of the pool.
func (r *rig) claims(t *testing.T, token string) (claims map[string]any, kid string) {
	t.Helper()
	a := r.get(t, http.DefaultClient, "/"+r.PoolID()+"/.well-known/jwks.json", nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(a.body), &set); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(set)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims, signed.Signatures[0].Header.KeyID
}

// syncBuffer is a bytes.Buffer that is safe for concurrent use.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// openAgain opens a second pool and returns the error of Open.
func openAgain(ctx context.Context, c userpool.Config) error {
	p, err := userpool.Open(ctx, c)
	if err != nil {
		return err
	}
	return p.Close()
}

func sha256Hex(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
