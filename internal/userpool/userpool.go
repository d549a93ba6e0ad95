// Package userpool is a user pool for one machine: sign-up, sign-in and tokens
// with the pages, endpoints and habits of Amazon Cognito, so that everything
// that works with it works with Cognito. People use it through photosd when no
// Cognito is configured; tests use it as their Cognito, with a Behaviour that
// makes it fail on demand.
//
// It is not an identity provider for the internet: accounts lie in one SQLite file, and there is
// no second factor and no federation.
//
// Where Cognito and the standards differ, Cognito wins: redirect URIs are
// compared exactly, access tokens have a client_id and no aud, a redirect_mismatch
// stays in the browser, offline_access is no scope. It is stricter than Cognito where that
// costs nothing: public clients must use PKCE, and a code that is used twice ends its session.
package userpool

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Client is an app client of the pool.
type Client struct {
	ID           string
	Secret       string   // "": a public client
	RedirectURIs []string // compared exactly, port and trailing slash included
	LogoutURIs   []string // likewise
	Scopes       []string // that it may ask for; nil: openid
}

// allows reports whether a client may ask for a scope.
func (c Client) allows(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Config says what a pool is like. Only BaseURL and Path are required.
type Config struct {
	BaseURL    string // of the pages and endpoints, such as http://127.0.0.1:8080/pool; no trailing slash
	IssuerBase string // the issuer is this + "/" + pool id; "": BaseURL. Cognito's lies on another host than its pages
	PoolID     string // of a pool that is made now; "": made up, "local_" + nine characters
	Path       string // of the SQLite file; made with mode 0600 when missing
	Clients    []Client

	Talk     io.Writer // what a person should read, confirmation links among it; nil: nobody does
	SMTP     string    // host:port of the server that links are mailed through; "": they are shown on Talk, those of sign-ups also in the browser
	SMTPFrom string    // sender of these mails

	AccessLifetime  time.Duration // of access and ID tokens; 0: one hour
	RefreshLifetime time.Duration // of a sign-in; refreshing does not prolong it; 0: 30 days
	Rotation        bool          // a refresh gives a new refresh token, and the old one ends after RotationGrace
	RotationGrace   time.Duration // Cognito allows 0 to 60 s

	BodyTime  time.Duration    // how long a client may take to send a request's body; 0: ten seconds
	Now       func() time.Time // nil: time.Now
	Behaviour *Behaviour       // nil outside tests
}

// Pool is an open user pool. Its methods may be called concurrently.
type Pool struct {
	conf      Config
	base      string // path of BaseURL
	id        string
	previous  string // issuer
	db        *database
	keys      *keys
	passwords *passwords
	guesses   *guesses
	pages     pages
}

// Open opens the pool in c.Path, or makes one with new keys. Everything but the failed guesses
// at passwords is kept there: a restart ends no session.
func Open(ctx context.Context, c Config) (*Pool, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("opening the user pool: %w", err)
	}
	db, err := openDatabase(ctx, c.Path)
	if err != nil {
		return nil, fmt.Errorf("opening the user pool in %s: %w", c.Path, err)
	}
	p := &Pool{conf: c, base: c.path(), db: db, guesses: newGuesses()}
	if err := p.load(ctx); err != nil {
		return nil, fmt.Errorf("opening the user pool in %s: %w", c.Path, errors.Join(err, db.Close()))
	}
	return p, nil
}

func (c Config) withDefaults() (Config, error) {
	if c.IssuerBase == "" {
		c.IssuerBase = c.BaseURL
	}
	for _, address := range []string{c.BaseURL, c.IssuerBase} {
		u, err := url.Parse(address)
		if err != nil {
			return c, err
		}
		if u.Host == "" || strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
			return c, fmt.Errorf("%q is not a base address: it looks like http://127.0.0.1:8080/pool", address)
		}
	}
	c.Clients = slices.Clone(c.Clients)
	for i := range c.Clients {
		if c.Clients[i].Scopes == nil {
			c.Clients[i].Scopes = []string{"openid"}
		}
	}
	if c.AccessLifetime == 0 {
		c.AccessLifetime = time.Hour
	}
	if c.RefreshLifetime == 0 {
		c.RefreshLifetime = 30 * 24 * time.Hour
	}
	if c.BodyTime == 0 {
		c.BodyTime = bodyTime
	}
	if c.Talk == nil {
		c.Talk = io.Discard
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}

// path returns the path of BaseURL, which withDefaults has checked.
func (c Config) path() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	return u.Path
}

// load reads what makes this pool this pool, or makes it the first time.
func (p *Pool) load(ctx context.Context) error {
	id := p.conf.PoolID
	if id == "" {
		id = "local_" + randomName(9)
	}
	var err error
	if p.id, err = p.db.metaOr(ctx, "pool_id", id); err != nil {
		return err
	}
	if p.previous, err = p.db.metaOr(ctx, "issuer", p.Issuer()); err != nil {
		return err
	}
	if p.previous != p.Issuer() {
		if err := p.db.setMeta(ctx, "issuer", p.Issuer()); err != nil {
			return err
		}
	}
	if p.keys, err = loadKeys(ctx, p.db, p.now()); err != nil {
		return err
	}
	if p.passwords, err = newPasswords(ctx); err != nil {
		return err
	}
	if p.pages, err = newPages(); err != nil {
		return err
	}
	return p.db.sweep(ctx, p.now())
}

// Close closes the database. Requests under way fail.
func (p *Pool) Close() error { return p.db.Close() }

// PoolID names the pool. It is made once and kept.
func (p *Pool) PoolID() string { return p.id }

// Issuer is the iss of the pool's tokens.
func (p *Pool) Issuer() string { return p.conf.IssuerBase + "/" + p.id }

// PreviousIssuer is the issuer when the pool was opened the last time. When it
// is not Issuer, sign-ins of that time end: their tokens name the old one.
func (p *Pool) PreviousIssuer() string { return p.previous }

// Keys finds the public keys the pool's tokens are signed with, by their key id, for
// those who verify tokens in the same process.
func (p *Pool) Keys() func(kid string) (*rsa.PublicKey, bool) { return p.keys.find }

// RotateKeys signs with new keys from now on. The old ones stay published until
// every token they signed has ended.
func (p *Pool) RotateKeys(ctx context.Context) error {
	return p.keys.rotate(ctx, p.db, p.now())
}

// now is the pool's clock, which tests put wrong.
func (p *Pool) now() time.Time {
	return p.conf.Now().Add(time.Duration(p.conf.Behaviour.Knobs().ClockOffset))
}

// complain tells the person at the terminal what went wrong here, unless it is only that a client left.
func (p *Pool) complain(err error) {
	if !errors.Is(err, context.Canceled) {
		p.say("userpool: %v", err)
	}
}

// say tells the person at the terminal.
func (p *Pool) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.conf.Talk, format+"\n", args...)
}

// client finds an app client.
func (p *Pool) client(id string) (Client, bool) {
	for _, c := range p.conf.Clients {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// route is one of the pool's addresses.
type route struct {
	method string
	path   string
	serve  http.HandlerFunc
}

// forScripts reports whether scripts of pages elsewhere may call the route: it looks at no cookie.
func (r route) forScripts() bool {
	switch r.path {
	case "/oauth2/token", "/oauth2/revoke", "/oauth2/userInfo":
		return true
	}
	return strings.Contains(r.path, wellKnown)
}

// wellKnown is the folder of the documents about the issuer.
const wellKnown = "/.well-known/"

func (p *Pool) routes() []route {
	return []route{
		{"GET", "/oauth2/authorize", p.authorize},
		{"GET", "/login", p.loginPage},
		{"POST", "/login", p.login},
		{"GET", "/signup", p.signupPage},
		{"POST", "/signup", p.signup},
		{"GET", "/confirmUser", p.confirmPage},
		{"POST", "/confirmUser", p.confirmUser},
		{"GET", "/resendcode", p.ask(resent())},
		{"POST", "/resendcode", p.answer(resent())},
		{"GET", "/forgotPassword", p.ask(forgotten())},
		{"POST", "/forgotPassword", p.answer(forgotten())},
		{"GET", "/confirmForgotPassword", p.resetPage},
		{"POST", "/confirmForgotPassword", p.reset},
		{"GET", "/logout", p.logout},
		{"GET", "/error", p.errorPage},
		{"POST", "/oauth2/token", p.token},
		{"POST", "/oauth2/revoke", p.revoke},
		{"GET", "/oauth2/userInfo", p.userInfo},
		{"GET", "/" + p.id + wellKnown + "openid-configuration", p.discovery},
		{"GET", "/" + p.id + wellKnown + "jwks.json", p.jwks},
	}
}

// Paths are the paths Handler serves, as patterns for http.ServeMux. They are relative to BaseURL, so
// a BaseURL with a path needs http.StripPrefix.
func (p *Pool) Paths() []string {
	var paths []string
	for _, r := range p.routes() {
		if len(paths) == 0 || paths[len(paths)-1] != r.path {
			paths = append(paths, r.path)
		}
	}
	return paths
}

// Handler serves Paths.
//
// Pages refuse forms that another site's page sends (http.CrossOriginProtection); the token and
// revocation endpoints do not, since they look at no cookie.
func (p *Pool) Handler() http.Handler {
	mux := http.NewServeMux()
	sameSite := http.NewCrossOriginProtection()
	for _, r := range p.routes() {
		h := p.withForm(r.serve, p.refuseParameters)
		if !strings.HasPrefix(r.path, "/oauth2/") {
			h = sameSite.Handler(p.withForm(r.serve, p.refuseForm))
		}
		if r.forScripts() {
			h = withCORS(r.method, h)
			mux.Handle("OPTIONS "+r.path, h)
		}
		name := strings.TrimPrefix(r.path, "/"+p.id)
		mux.Handle(r.method+" "+r.path, p.conf.Behaviour.around(name, p.now, h))
	}
	return mux
}
