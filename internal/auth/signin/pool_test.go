package signin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/testkit/freeport"
	"photos/internal/testkit/person"
	"photos/internal/userpool"
)

// pool is a local user pool without accounts.
type pool struct {
	*userpool.Pool
	behaviour *userpool.Behaviour
	base      string
	redirect  string
}

func newPool(t *testing.T, shape func(*userpool.Config)) *pool {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p := &pool{behaviour: new(userpool.Behaviour), base: srv.URL, redirect: freeport.Redirect(t)}
	conf := userpool.Config{
		BaseURL: srv.URL, Path: filepath.Join(t.TempDir(), "pool.db"), Behaviour: p.behaviour,
		Clients: []userpool.Client{{ID: "cli", RedirectURIs: []string{p.redirect}}},
	}
	if shape != nil {
		shape(&conf)
	}
	opened, err := userpool.Open(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.Close()
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Pool = opened
	for _, path := range p.Paths() {
		mux.Handle(path, p.Handler())
	}
	return p
}

// machine has what one machine stores of a session.
type machine struct {
	store secret.Store
	state string
}

// signIn signs a user up and in, with a browser that a test double controls.
func (p *pool) signIn(t *testing.T, home machine, clientSecret string, page *string) signin.Session {
	t.Helper()
	provider, err := oidc.Discover(t.Context(), nil, p.Issuer(), p.base)
	if err != nil {
		t.Fatal(err)
	}
	ada := person.Person{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse battery", SignUp: true}
	var browser sync.WaitGroup
	browser.Add(1)
	session, err := signin.Login(t.Context(), signin.LoginOptions{
		Server: p.base, Provider: provider, ClientID: "cli", ClientSecret: auth.NewSecret(clientSecret), RedirectURIs: []string{p.redirect},
		SignUp: true, Store: home.store, StateDir: home.state, Wait: 30 * time.Second,
		Browser: func(address string) (err error) {
			defer browser.Done()
			*page, err = ada.Visit(context.WithoutCancel(t.Context()), address)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	browser.Wait()
	return session
}

// TestAgainstTheUserPool signs up and in, refreshes and signs out, with pools of each kind that Cognito has.
func TestAgainstTheUserPool(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*userpool.Config){
		"public client":       nil,
		"confidential client": func(c *userpool.Config) { c.Clients[0].Secret = "s3cret/with+signs=" },
		"rotation":            func(c *userpool.Config) { c.Rotation = true },
		"issuer on another host": func(c *userpool.Config) {
			c.IssuerBase = strings.Replace(c.BaseURL, "127.0.0.1", "localhost", 1)
		},
		"large ID token": func(c *userpool.Config) { c.Behaviour.Set(userpool.Knobs{IDTokenPadding: 6000}) },
		"clock an hour ahead": func(c *userpool.Config) {
			c.Behaviour.Set(userpool.Knobs{ClockOffset: userpool.Duration(time.Hour)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clientSecret := ""
			p := newPool(t, func(c *userpool.Config) {
				if shape != nil {
					shape(c)
				}
				clientSecret = c.Clients[0].Secret
			})
			home := machine{secret.NewFileStore(filepath.Join(t.TempDir(), "credentials")), t.TempDir()}
			var page string
			session := p.signIn(t, home, clientSecret, &page)
			if session.Account.Name != "Ada" || session.Account.Email != "ada@example.org" || session.Confidential != (clientSecret != "") {
				t.Errorf("session = %+v", session)
			}
			if !strings.Contains(page, "Ada <ada@example.org>") {
				t.Errorf("the browser shows %q", page)
			}
			first := p.token(t, home, session, time.Now)
			later := func() time.Time { return time.Now().Add(2 * time.Hour) } // by then the first has ended
			for i := range 2 {
				if token := p.token(t, home, session, later); token.Value.Equal(first.Value) {
					t.Error("the access token was not refreshed")
				}
				if n := p.behaviour.Requests()["/oauth2/token"]; n != 2 {
					t.Errorf("%d requests for tokens after asking %d times, want 2", n, i+1)
				}
			}
			bye, err := signin.Logout(t.Context(), signin.LogoutOptions{Session: session, Store: home.store, StateDir: home.state})
			if err != nil || bye.NotRevoked != nil {
				t.Errorf("logout: %+v, %v", bye, err)
			}
			if _, err := p.source(home, session, later).Token(t.Context()); auth.KindOf(err) != auth.NotSignedIn {
				t.Errorf("after logout: %v", err)
			}
		})
	}
}

func (p *pool) source(home machine, session signin.Session, now func() time.Time) *signin.Source {
	return signin.NewSource(signin.SourceOptions{Session: session, Store: home.store, StateDir: home.state, Now: now, Patience: 5 * time.Second})
}

func (p *pool) token(t *testing.T, home machine, session signin.Session, now func() time.Time) oidc.Token {
	t.Helper()
	token, err := p.source(home, session, now).Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestRefreshThroughThePoolsFaults checks that no fault of the provider ends the session.
func TestRefreshThroughThePoolsFaults(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *userpool.Config) { c.Rotation, c.RotationGrace = true, 30*time.Second })
	home := machine{secret.NewFileStore(filepath.Join(t.TempDir(), "credentials")), t.TempDir()}
	var page string
	session := p.signIn(t, home, "", &page)
	now := time.Now()
	for _, fault := range []userpool.Fault{
		{Times: 1, Status: 429, RetryAfter: "0", Body: "Rate Exceeded"},
		{Times: 1, Status: 503},
		{Times: 1, Status: 200, Body: "<html>"},
		{Times: 1, Reset: true},
		{Times: 1, Reset: true, Lost: true}, // rotated, and the answer is gone
		{Times: 1, Status: 502, Lost: true},
		{Times: 1, Delay: userpool.Duration(300 * time.Millisecond)},
	} {
		p.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/token": fault}})
		now = now.Add(2 * time.Hour)
		p.token(t, home, session, func() time.Time { return now })
	}
	if err := p.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.behaviour.Set(userpool.Knobs{})
	now = now.Add(2 * time.Hour)
	p.token(t, home, session, func() time.Time { return now })
}

// TestRegisteredAtThePool asks about a URI that is registered and about others.
func TestRegisteredAtThePool(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	provider, err := oidc.Discover(t.Context(), nil, p.Issuer(), "")
	if err != nil {
		t.Fatal(err)
	}
	client := oidc.Client{Provider: provider, ID: "cli"}
	if err := client.Registered(t.Context(), p.redirect); err != nil {
		t.Error(err)
	}
	for _, uri := range []string{p.redirect + "/", "http://127.0.0.1:1/callback"} {
		if err := client.Registered(t.Context(), uri); auth.KindOf(err) != auth.Misconfigured {
			t.Errorf("%s: %v, want kind %s", uri, err, auth.Misconfigured)
		}
	}
}
