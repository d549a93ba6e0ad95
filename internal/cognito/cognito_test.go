package cognito_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"photos/internal/cognito"
	"photos/internal/photo"
)

const client = "1example23456789"

// newKey returns a key of the size that Cognito uses.
func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pool is a provider with published keys and a clock that tests set.
type pool struct {
	*httptest.Server
	issuer  string
	fetches atomic.Int32
	status  atomic.Int32 // the status of answers; 0 means 200

	mu        sync.Mutex
	clock     time.Time
	published map[string]*rsa.PrivateKey
}

func newPool(t testing.TB) *pool {
	t.Helper()
	p := &pool{clock: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), published: map[string]*rsa.PrivateKey{"k1": newKey(t)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /eu-west-1_Example/.well-known/jwks.json", p.serveKeys)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.issuer = p.URL + "/eu-west-1_Example"
	return p
}

func (p *pool) serveKeys(w http.ResponseWriter, _ *http.Request) {
	p.fetches.Add(1)
	if status := p.status.Load(); status != 0 {
		w.WriteHeader(int(status))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var set jose.JSONWebKeySet
	for id, key := range p.published {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
	}
	_ = json.NewEncoder(w).Encode(set)
}

func (p *pool) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clock
}

func (p *pool) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = p.clock.Add(d)
}

// rotate publishes another key in addition to the old ones.
func (p *pool) rotate(t testing.TB, id string) {
	key := newKey(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published[id] = key
}

func (p *pool) verifier(t testing.TB) *cognito.Verifier {
	t.Helper()
	v, err := cognito.New(cognito.Config{
		Issuer: p.issuer, ClientIDs: []string{"other", client}, Resource: "https://photos.example", HTTPClient: p.Client(), Now: p.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// key returns a published key.
func (p *pool) key(id string) (*rsa.PublicKey, bool) {
	key, ok := p.published[id]
	if !ok {
		return nil, false
	}
	return &key.PublicKey, true
}

// claims returns the claims of a valid token, with some of them changed. A nil value
// removes a claim.
func (p *pool) claims(changed jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "aaaa-bbbb", "iss": p.issuer, "client_id": client, "token_use": "access", "version": 2,
		"scope": "openid photos/write", "username": "aaaa-bbbb", "jti": "j", "origin_jti": "o",
		"iat": p.now().Unix(), "auth_time": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix(),
	}
	for name, value := range changed {
		if value == nil {
			delete(c, name)
			continue
		}
		c[name] = value
	}
	return c
}

func (p *pool) token(t testing.TB, keyID string, changed jwt.MapClaims) string {
	t.Helper()
	p.mu.Lock()
	key := p.published[keyID]
	p.mu.Unlock()
	return sign(t, jwt.SigningMethodRS256, key, keyID, p.claims(changed))
}

func sign(t testing.TB, method jwt.SigningMethod, key any, keyID string, claims jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = keyID
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	got, err := p.verifier(t).Verify(context.Background(), p.token(t, "k1", nil))
	if err != nil {
		t.Fatal(err)
	}
	want := cognito.Claims{
		Pool: "eu-west-1_Example", Subject: "aaaa-bbbb", Username: "aaaa-bbbb", ClientID: client,
		Scopes: []string{"openid", "photos/write"}, ExpiresAt: p.now().Add(time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	in := func(d time.Duration) int64 { return p.now().Add(d).Unix() }
	tests := []struct {
		name    string
		changed jwt.MapClaims
		want    string // of the message; "" when the token is good
	}{
		{"expired within the leeway", jwt.MapClaims{"exp": in(-59 * time.Second)}, ""},
		{"expired", jwt.MapClaims{"exp": in(-61 * time.Second)}, "has expired"},
		{"never expires", jwt.MapClaims{"exp": nil}, "not valid"},
		{"made in the future", jwt.MapClaims{"iat": in(time.Hour)}, ""},
		{"another issuer", jwt.MapClaims{"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"}, "not made by"},
		{"almost the issuer", jwt.MapClaims{"iss": p.issuer + "/"}, "not made by"},
		{"no issuer", jwt.MapClaims{"iss": nil}, "not valid"},
		{"another client", jwt.MapClaims{"client_id": "stranger"}, "another app client"},
		{"no client", jwt.MapClaims{"client_id": nil}, "another app client"},
		{"client as audience only", jwt.MapClaims{"client_id": nil, "aud": client}, "another app client"},
		{"bound to this service", jwt.MapClaims{"aud": "https://photos.example"}, ""},
		{"bound to this service too", jwt.MapClaims{"aud": []string{"https://a.example", "https://photos.example"}}, ""},
		{"bound to another service", jwt.MapClaims{"aud": "https://evil.example"}, "made for another service"},
		{"bound to almost this service", jwt.MapClaims{"aud": "https://photos.example.evil.example"}, "made for another service"},
		{"ID token", jwt.MapClaims{"token_use": "id", "client_id": nil, "aud": client}, "an ID token"},
		{"no use", jwt.MapClaims{"token_use": nil}, "has no token_use"},
		{"another use", jwt.MapClaims{"token_use": "refresh"}, "is not an access token"},
		{"no user", jwt.MapClaims{"sub": nil}, "names no user"},
		{"no scope", jwt.MapClaims{"scope": nil}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			token := p.token(t, "k1", test.changed)
			_, err := v.Verify(context.Background(), token)
			wantRefused(t, err, token, test.want)
		})
	}
}

// wantRefused checks that err is a refusal with want in its message and without the
// token. If want is empty, it checks that there is no error.
func wantRefused(t *testing.T, err error, token, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if photo.KindOf(err) != photo.KindNotSignedIn || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v (%s), want %s with %q", err, photo.KindOf(err), photo.KindNotSignedIn, want)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

func TestForged(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	good := p.token(t, "k1", nil)
	parts := strings.Split(good, ".")
	public := publicPEM(t, p.published["k1"].Public())
	tests := map[string]string{
		"signed with another key":         sign(t, jwt.SigningMethodRS256, newKey(t), "k1", p.claims(nil)),
		"alg none":                        sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", p.claims(nil)),
		"HMAC with the public key":        sign(t, jwt.SigningMethodHS256, public, "k1", p.claims(nil)),
		"right key, RS512":                sign(t, jwt.SigningMethodRS512, p.published["k1"], "k1", p.claims(nil)),
		"right key, PS256":                sign(t, jwt.SigningMethodPS256, p.published["k1"], "k1", p.claims(nil)),
		"no key ID":                       sign(t, jwt.SigningMethodRS256, p.published["k1"], "", p.claims(nil)),
		"signature of another token":      parts[0] + "." + strings.Split(p.token(t, "k1", jwt.MapClaims{"sub": "x"}), ".")[1] + "." + parts[2],
		"signature cut off":               parts[0] + "." + parts[1] + ".",
		"signature cut short":             good[:len(good)-8],
		"empty":                           "",
		"words":                           "let me in",
		"two parts":                       parts[0] + "." + parts[1],
		"longer than any token":           good + strings.Repeat("A", 1<<20),
		"a payload that is not JSON":      parts[0] + ".bm8." + parts[2],
		"a key ID that is not a string":   "eyJhbGciOiJSUzI1NiIsImtpZCI6MX0." + parts[1] + "." + parts[2],
		"a header that names its own key": "eyJhbGciOiJSUzI1NiIsImprdSI6Imh0dHA6Ly9ldmlsIn0." + parts[1] + "." + parts[2],
	}
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := v.Verify(context.Background(), token)
			wantRefused(t, err, token, " ")
		})
	}
}

func publicPEM(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestForgedKeyIDsCostOneFetch(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	if _, err := v.Verify(context.Background(), p.token(t, "k1", nil)); err != nil {
		t.Fatal(err)
	}
	p.wait(2 * time.Minute)
	stranger := newKey(t)
	before := p.fetches.Load()
	var wg sync.WaitGroup
	for i := range 40 {
		token := sign(t, jwt.SigningMethodRS256, stranger, fmt.Sprintf("forged-%d", i), p.claims(nil))
		wg.Go(func() {
			_, err := v.Verify(context.Background(), token)
			if photo.KindOf(err) != photo.KindNotSignedIn {
				t.Errorf("forged token: %v", err)
			}
		})
	}
	wg.Wait()
	if n := p.fetches.Load() - before; n != 1 {
		t.Errorf("40 forged key IDs cost %d fetches, want 1", n)
	}
}

// TestKeyRotationSoonAfterAFetch accepts a token with a new key seconds after the old keys were fetched.
func TestKeyRotationSoonAfterAFetch(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	if _, err := v.Verify(context.Background(), p.token(t, "k1", nil)); err != nil {
		t.Fatal(err)
	}
	p.rotate(t, "k2")
	p.wait(5 * time.Second)
	if _, err := v.Verify(context.Background(), p.token(t, "k2", nil)); err != nil {
		t.Errorf("token signed with the new key: %v", err)
	}
}

// TestForgedKeyIDsAreBounded sends a forged key ID a hundred times a second for a minute.
func TestForgedKeyIDsAreBounded(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	stranger := newKey(t)
	forged := sign(t, jwt.SigningMethodRS256, stranger, "forged", p.claims(nil))
	for range 60 * 100 {
		if _, err := v.Verify(context.Background(), forged); photo.KindOf(err) != photo.KindNotSignedIn {
			t.Fatalf("forged token: %v", err)
		}
		p.wait(10 * time.Millisecond)
	}
	if n := p.fetches.Load(); n > 12 {
		t.Errorf("a minute of forged key IDs cost %d fetches, want 12 at most", n)
	}
}

// TestKeysAreNotFetchedElsewhere redirects the request for keys. No client follows the redirect.
func TestKeysAreNotFetchedElsewhere(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	away := httptest.NewServer(http.RedirectHandler(p.issuer+"/.well-known/jwks.json", http.StatusFound))
	defer away.Close()
	issuer := away.URL + "/eu-west-1_Example"
	for name, hc := range map[string]*http.Client{"its own client": nil, "a given client": away.Client()} {
		v, err := cognito.New(cognito.Config{Issuer: issuer, ClientIDs: []string{client}, HTTPClient: hc, Now: p.now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(context.Background(), p.token(t, "k1", jwt.MapClaims{"iss": issuer})); photo.KindOf(err) != photo.KindUnavailable {
			t.Errorf("%s: error %v, want %s", name, err, photo.KindUnavailable)
		}
	}
	if n := p.fetches.Load(); n != 0 {
		t.Errorf("keys were fetched %d times from another origin", n)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	old := p.token(t, "k1", nil)
	if _, err := v.Verify(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	p.rotate(t, "k2")
	p.wait(2 * time.Minute)
	fresh := p.token(t, "k2", nil)
	// Many requests at once with the new key: one fetches, the others wait for it.
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := v.Verify(context.Background(), fresh); err != nil {
				t.Errorf("token signed with the new key: %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := v.Verify(context.Background(), old); err != nil {
		t.Errorf("token signed with the old key: %v", err)
	}
	if n := p.fetches.Load(); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
}

func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	v := p.verifier(t)
	token := p.token(t, "k1", jwt.MapClaims{"exp": p.now().Add(24 * time.Hour).Unix()})
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	p.rotate(t, "k2")
	p.mu.Lock()
	delete(p.published, "k1")
	p.mu.Unlock()
	p.wait(61 * time.Minute)
	_, err := v.Verify(context.Background(), token)
	wantRefused(t, err, token, "not signed by")
}

func TestProviderDown(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	p.status.Store(http.StatusServiceUnavailable)
	v := p.verifier(t)
	token := p.token(t, "k1", nil)
	for range 10 {
		if _, err := v.Verify(context.Background(), token); photo.KindOf(err) != photo.KindUnavailable {
			t.Fatalf("provider down: error %v, want %s", err, photo.KindUnavailable)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("%d fetches at the same time, want 1", n)
	}

	p.status.Store(0)
	p.wait(10 * time.Second)
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Fatalf("provider back: %v", err)
	}

	p.status.Store(http.StatusInternalServerError)
	p.wait(2 * time.Hour)
	late := p.token(t, "k1", nil)
	if _, err := v.Verify(context.Background(), late); err != nil {
		t.Errorf("provider down again, key known: %v", err)
	}
}

func TestProviderAnswersNonsense(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	for _, body := range []string{"", "<html>", "null", `{"keys":[]}`, `{"keys":[{"kty":"RSA","kid":"k1","n":"!","e":"AQAB"}]}`} {
		nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(body))
		}))
		v, err := cognito.New(cognito.Config{Issuer: nonsense.URL + "/pool", ClientIDs: []string{client}, Now: p.now})
		if err != nil {
			t.Fatal(err)
		}
		token := p.token(t, "k1", jwt.MapClaims{"iss": nonsense.URL + "/pool"})
		if _, err := v.Verify(context.Background(), token); photo.KindOf(err) != photo.KindUnavailable {
			t.Errorf("keys %q: error %v, want %s", body, err, photo.KindUnavailable)
		}
		nonsense.Close()
	}
}

// TestCancelledWhileFetching cancels a request while keys are fetched. It ends at once, and
// the fetch continues for the others.
func TestCancelledWhileFetching(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-answer
		p.serveKeys(w, r)
	}))
	defer slow.Close()
	v, err := cognito.New(cognito.Config{Issuer: slow.URL + "/pool", ClientIDs: []string{client}, Now: p.now})
	if err != nil {
		t.Fatal(err)
	}
	token := p.token(t, "k1", jwt.MapClaims{"iss": slow.URL + "/pool"})

	first, cancelFirst := context.WithCancel(context.Background())
	firstDone := make(chan error, 1)
	go func() {
		_, err := v.Verify(first, token)
		firstDone <- err
	}()
	<-asked
	second, cancelSecond := context.WithCancel(context.Background())
	cancelSecond()
	if _, err := v.Verify(second, token); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
	cancelFirst()
	close(answer)
	if err := <-firstDone; err != nil {
		t.Errorf("the fetch ended with the request that began it: %v", err)
	}
	if _, err := v.Verify(context.Background(), token); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	p := newPool(t)
	for issuer, want := range map[string]string{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC":              "eu-west-1_AbC",
		"https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC":       "eu-west-1_AbC",
		"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC":         "cn-north-1_AbC",
		"http://127.0.0.1:8080/local_123":                                        "local_123",
		"http://localhost:9090/local_123":                                        "local_123",
		"https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbC": "https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbC",
		"https://id.example.com/realms/family":                                   "https://id.example.com/realms/family",
		"https://id.example.com":                                                 "https://id.example.com",
	} {
		v, err := cognito.New(cognito.Config{
			Issuer: issuer, ClientIDs: []string{client}, Now: p.now,
			Keys: p.key,
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(context.Background(), p.token(t, "k1", jwt.MapClaims{"iss": issuer}))
		if err != nil || got.Pool != want {
			t.Errorf("%s: pool %q, %v, want %q", issuer, got.Pool, err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]cognito.Config{
		"no issuer":        {ClientIDs: []string{client}},
		"issuer not a URL": {Issuer: "eu-west-1_AbC", ClientIDs: []string{client}},
		"no client":        {Issuer: "https://id.example.com"},
		"an empty client":  {Issuer: "https://id.example.com", ClientIDs: []string{client, ""}},
	} {
		if _, err := cognito.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	p := newPool(f)
	good := p.token(f, "k1", nil)
	v, err := cognito.New(cognito.Config{
		Issuer: p.issuer, ClientIDs: []string{client}, Now: p.now,
		Keys: p.key,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := v.Verify(context.Background(), token)
		// Only what was signed is good; base64 has unused bits, so a token has more
		// than one spelling of its signature.
		if err == nil && !strings.HasPrefix(token, good[:strings.LastIndexByte(good, '.')+1]) {
			t.Fatalf("accepted %q", token)
		}
		if err != nil && photo.KindOf(err) != photo.KindNotSignedIn {
			t.Fatalf("kind of %v is %s", err, photo.KindOf(err))
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p := newPool(b)
	v := p.verifier(b)
	token := p.token(b, "k1", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}
