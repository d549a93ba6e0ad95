package signin_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/cognito"
	"photos/internal/testkit/freeport"
	"photos/internal/testkit/person"
	"photos/internal/userpool"
)

const (
	switchedPool = "eu-west-1_LocalPool"
	originalHost = "https://cognito-idp.eu-west-1.amazonaws.com"
	updatedHost  = "https://issuer-cognito-idp.eu-west-1.amazonaws.com"
)

// switching is a Cognito pool that can switch to its other issuer. It is also the transport that
// finds the pool at both issuers.
type switching struct {
	t        *testing.T
	conf     userpool.Config
	serving  atomic.Value // http.Handler
	pool     *userpool.Pool
	address  *url.URL
	document func([]byte) []byte // changes the discovery document
}

func newSwitching(t *testing.T) *switching {
	t.Helper()
	s := &switching{t: t, document: func(b []byte) []byte { return b }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serving.Load().(http.Handler).ServeHTTP(w, r)
	}))
	s.address, _ = url.Parse(srv.URL)
	s.conf = userpool.Config{
		BaseURL: srv.URL, Path: filepath.Join(t.TempDir(), "pool.db"), PoolID: switchedPool, IssuerBase: originalHost,
		Clients: []userpool.Client{{ID: "cli", RedirectURIs: []string{freeport.Redirect(t)}}},
	}
	s.open()
	t.Cleanup(func() { srv.Close(); s.close() })
	return s
}

func (s *switching) open() {
	pool, err := userpool.Open(s.t.Context(), s.conf)
	if err != nil {
		s.t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, path := range pool.Paths() {
		mux.Handle(path, pool.Handler())
	}
	s.pool = pool
	s.serving.Store(http.Handler(mux))
}

func (s *switching) close() {
	if err := s.pool.Close(); err != nil {
		s.t.Error(err)
	}
}

// to switches the pool to the issuer on another host.
func (s *switching) to(host string) {
	s.close()
	s.conf.IssuerBase = host
	s.open()
}

// RoundTrip sends requests to both issuers to the pool.
func (s *switching) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Host, "cognito-idp.") {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = s.address.Scheme, s.address.Host, s.address.Host
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && strings.HasSuffix(req.URL.Path, "/openid-configuration") {
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(s.document(body)))
	}
	return resp, err
}

// login signs in with the issuer that a profile or setting names.
func (s *switching) login(home machine, host string) signin.Session {
	s.t.Helper()
	provider, err := oidc.Discover(s.t.Context(), s, host+"/"+switchedPool, "")
	if err != nil {
		s.t.Fatal(err)
	}
	ada := person.Person{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse battery"}
	session, err := signin.Login(s.t.Context(), signin.LoginOptions{
		Server: "https://photos.example", Provider: provider, ClientID: "cli", RedirectURIs: s.conf.Clients[0].RedirectURIs, HTTP: s,
		Store: home.store, StateDir: home.state, Wait: 30 * time.Second,
		Browser: func(address string) error {
			_, err := ada.Visit(context.WithoutCancel(s.t.Context()), address)
			return err
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

// token returns a token of the session at a time.
func (s *switching) token(home machine, session signin.Session, now time.Time) string {
	s.t.Helper()
	source := signin.NewSource(signin.SourceOptions{
		Session: session, Store: home.store, StateDir: home.state, HTTP: s, Now: func() time.Time { return now }, Patience: 5 * time.Second,
	})
	token, err := source.Token(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return token.Value.Reveal()
}

// TestASessionSurvivesTheIssuersSwitch combines tokens, discovery documents and profiles from before and
// after a switch, in the client and in the service.
func TestASessionSurvivesTheIssuersSwitch(t *testing.T) {
	t.Parallel()
	s := newSwitching(t)
	if err := s.pool.AddUser(t.Context(), userpool.NewUser{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	home := machine{secret.NewFileStore(filepath.Join(t.TempDir(), "credentials")), t.TempDir()}
	session := s.login(home, originalHost)
	before := s.token(home, session, time.Now())
	s.to(updatedHost)
	after := s.token(home, session, time.Now().Add(2*time.Hour))
	if before == after {
		t.Fatal("the session was not refreshed")
	}
	for _, host := range []string{originalHost, updatedHost} {
		service, err := cognito.New(cognito.Config{Issuer: host + "/" + switchedPool, ClientIDs: []string{"cli"}, HTTPClient: &http.Client{Transport: s}})
		if err != nil {
			t.Fatal(err)
		}
		for name, token := range map[string]string{"before": before, "after": after} {
			if claims, err := service.Verify(t.Context(), token); err != nil || claims.Pool != switchedPool {
				t.Errorf("a service at %s, a token from %s the switch: %v", host, name, err)
			}
		}
		again := s.login(home, host)
		if again.Account != session.Account {
			t.Errorf("signed in at %s as %+v, before as %+v", host, again.Account, session.Account)
		}
		if !again.Provider.Same(session.Provider) {
			t.Errorf("at %s the provider differs: %+v", host, again.Provider)
		}
	}
	// The document still names the one form while the tokens carry the other.
	s.document = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(updatedHost), []byte(originalHost)) }
	s.login(home, originalHost)
	s.login(home, updatedHost)
}
