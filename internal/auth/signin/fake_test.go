package signin

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// fakeProvider answers like a Cognito user pool whose one user always agrees. Tests change
// its fields, with the method with once it runs.
type fakeProvider struct {
	*httptest.Server
	clientID string
	key      *rsa.PrivateKey // the one it publishes

	mu         sync.Mutex
	signingKey *rsa.PrivateKey
	rotate     bool
	grace      time.Duration         // how long a rotated refresh token still works
	replaced   map[string]time.Time  // rotated refresh tokens, and when
	lifetime   int                   // seconds of an access token
	valid      map[string]bool       // refresh tokens that work
	codes      map[string]url.Values // authorization requests by code
	claims     func(map[string]any)  // changes the ID token's claims
	faults     []http.HandlerFunc    // answer the next token requests instead
	calls      map[string]int        // requests by path
	issued     int
	clock      time.Duration // how far its clock is ahead
}

// sharedKey is generated once, because that takes a while.
var sharedKey = sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func newFakeProvider(t *testing.T) *fakeProvider {
	t.Helper()
	key := sharedKey()
	p := &fakeProvider{clientID: "cli", key: key, signingKey: key, lifetime: 3600, valid: map[string]bool{}, codes: map[string]url.Values{}, calls: map[string]int{}, replaced: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pool/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /pool/.well-known/jwks.json", p.jwks)
	mux.HandleFunc("GET /oauth2/authorize", p.authorize)
	mux.HandleFunc("GET /signup", p.authorize)
	mux.HandleFunc("POST /oauth2/token", p.token)
	mux.HandleFunc("POST /oauth2/revoke", p.revoke)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls[r.URL.Path]++
		w.Header().Set("Date", time.Now().Add(p.clock).UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *fakeProvider) issuer() string { return p.URL + "/pool" }

// provider returns what discovery would return.
func (p *fakeProvider) provider() oidc.Provider {
	return oidc.Provider{
		Issuer: p.issuer(), AuthorizationEndpoint: p.URL + "/oauth2/authorize", TokenEndpoint: p.URL + "/oauth2/token",
		RevocationEndpoint: p.URL + "/oauth2/revoke", EndSessionEndpoint: p.URL + "/logout",
		JWKSURI: p.issuer() + "/.well-known/jwks.json",
	}
}

func (p *fakeProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": p.issuer(), "authorization_endpoint": p.URL + "/oauth2/authorize",
		"token_endpoint": p.URL + "/oauth2/token", "jwks_uri": p.issuer() + "/.well-known/jwks.json",
	})
}

func (p *fakeProvider) jwks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
}

func (p *fakeProvider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := "code-" + rand.Text()
	p.codes[code] = q
	back := q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back, http.StatusFound)
}

func (p *fakeProvider) token(w http.ResponseWriter, r *http.Request) {
	if len(p.faults) > 0 {
		fault := p.faults[0]
		p.faults = p.faults[1:]
		if fault != nil {
			fault(w, r)
			return
		}
	}
	switch r.FormValue("grant_type") {
	case "authorization_code":
		p.redeemCode(w, r)
	case "refresh_token":
		p.redeemRefresh(w, r)
	default:
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
	}
}

func (p *fakeProvider) redeemCode(w http.ResponseWriter, r *http.Request) {
	asked, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || r.FormValue("redirect_uri") != asked.Get("redirect_uri") || challenge != asked.Get("code_challenge") || asked.Get("code_challenge_method") != "S256" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now().Add(p.clock)
	claims := map[string]any{
		"iss": p.issuer(), "aud": p.clientID, "sub": "5f0c", "token_use": "id", "nonce": asked.Get("nonce"),
		"nickname": "Ada", "email": "ada@example.org", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	if p.claims != nil {
		p.claims(claims)
	}
	body := p.tokens()
	body["refresh_token"] = p.newRefresh()
	body["id_token"] = p.sign(claims)
	writeJSON(w, http.StatusOK, body)
}

func (p *fakeProvider) redeemRefresh(w http.ResponseWriter, r *http.Request) {
	old := r.FormValue("refresh_token")
	at, wasReplaced := p.replaced[old]
	if !p.valid[old] && (!wasReplaced || time.Since(at) > p.grace) {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	body := p.tokens()
	if p.rotate {
		if !wasReplaced {
			p.replaced[old] = time.Now()
		}
		delete(p.valid, old)
		body["refresh_token"] = p.newRefresh()
	}
	writeJSON(w, http.StatusOK, body)
}

func (p *fakeProvider) revoke(w http.ResponseWriter, r *http.Request) {
	delete(p.valid, r.FormValue("token"))
	w.WriteHeader(http.StatusOK)
}

func (p *fakeProvider) tokens() map[string]any {
	p.issued++
	return map[string]any{"access_token": "access-" + strconv.Itoa(p.issued), "token_type": "Bearer", "expires_in": p.lifetime}
}

func (p *fakeProvider) newRefresh() string {
	token := "refresh-" + rand.Text()
	p.valid[token] = true
	return token
}

func (p *fakeProvider) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.signingKey, KeyID: "k1"}}, nil)
	if err != nil {
		panic(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	compact, _ := signed.CompactSerialize()
	return compact
}

// with changes the provider between requests.
func (p *fakeProvider) with(change func(*fakeProvider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// count returns the number of requests to a path.
func (p *fakeProvider) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// works reports whether a refresh token is valid and was not rotated.
func (p *fakeProvider) works(token auth.Secret) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.valid[token.Reveal()]
}

// working returns the number of such refresh tokens.
func (p *fakeProvider) working() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.valid)
}

// session stores a refresh token and an access token that expires at expiry, as after a
// login.
func (p *fakeProvider) session(t *testing.T, store secret.Store, expiry time.Time) Session {
	t.Helper()
	s := Session{Provider: p.provider(), ClientID: p.clientID, Credential: newCredentialID()}
	c := credential{id: s.Credential, store: store}
	var refresh string
	p.with(func(p *fakeProvider) { refresh = p.newRefresh() })
	if err := c.setRefresh(t.Context(), auth.NewSecret(refresh)); err != nil {
		t.Fatal(err)
	}
	if err := c.setAccess(t.Context(), oidc.Token{Value: auth.NewSecret("access-0"), Obtained: expiry.Add(-time.Hour), Expiry: expiry}); err != nil {
		t.Fatal(err)
	}
	return s
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(fmt.Sprintf("encoding an answer: %v", err))
	}
}

// status returns a handler that answers with a status and a body that is not JSON.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte("<html>sorry</html>"))
	}
}
