// Package userpool is a user pool for one machine. It has the pages, endpoints and
// behaviour of Amazon Cognito, so that a program that works with it also works with
// Cognito. photosd runs it if no Cognito is configured. Tests use it as their Cognito, with
// a Behaviour that makes it fail on demand.
//
// It is not an identity provider for the internet: accounts are in one SQLite file, and
// there is no second factor. Instead of federation there are stand-ins for other providers.
//
// Where Cognito and the standards differ, the package follows Cognito: redirect URIs are
// compared exactly, access tokens have a client_id and no aud, a redirect_mismatch stays in
// the browser, and offline_access is not a scope. It is stricter than Cognito where that
// breaks no client: public clients must use PKCE, and a code that is used twice ends its
// session.
package userpool

import (
	"cmp"
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
	RedirectURIs []string // compared exactly, including port and trailing slash
	LogoutURIs   []string // compared in the same way
	Scopes       []string // the scopes that it may ask for; nil: openid

	// IdentityProviders are other providers with which its users may sign in, such as
	// LoginWithAmazon. The pool has a stand-in for each: a page that believes what is typed.
	IdentityProviders []string
}

// allows reports whether a client may ask for a scope.
func (c Client) allows(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Config has the settings of a pool. Only BaseURL and Path are required.
type Config struct {
	BaseURL    string // of the pages and endpoints, such as http://127.0.0.1:8080/pool; no trailing slash
	IssuerBase string // the issuer is this + "/" + pool ID; "": BaseURL. In Cognito it is on another host than the pages
	PoolID     string // of a new pool; "": "local_" + nine random characters
	Path       string // of the SQLite file; created with mode 0600 if it does not exist
	Clients    []Client

	Out      io.Writer // messages for the user, such as confirmation links; nil: none
	SMTP     string    // host:port of the server that mails links; "": they are written to Out, and those of sign-ups are also shown in the browser
	SMTPFrom string    // sender of these mails

	AccessLifetime  time.Duration // of access and ID tokens; 0: one hour
	RefreshLifetime time.Duration // of a sign-in; a refresh does not extend it; 0: 30 days
	Rotation        bool          // a refresh gives a new refresh token, and the old one is valid for RotationGrace
	RotationGrace   time.Duration // Cognito allows 0 to 60 s

	BodyTime  time.Duration    // for a client to send the body of a request; 0: ten seconds
	Now       func() time.Time // nil: time.Now
	Behaviour *Behaviour       // nil outside tests
}

// Pool is an open user pool. It is safe for concurrent use.
type Pool struct {
	conf      Config
	base      string // path of BaseURL
	id        string
	previous  string // the issuer when the pool was last opened
	db        *database
	keys      *keys
	passwords *passwords
	guesses   *guesses
	pages     pages
}

// Open opens the pool in c.Path, or creates one with new keys. The file has everything except the counts of wrong
// passwords, so a restart does not end sessions.
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
		if err := checkBase(address); err != nil {
			return c, err
		}
	}
	c.Clients = slices.Clone(c.Clients)
	for i := range c.Clients {
		if c.Clients[i].Scopes == nil {
			c.Clients[i].Scopes = []string{"openid"}
		}
	}
	c.AccessLifetime = cmp.Or(c.AccessLifetime, time.Hour)
	c.RefreshLifetime = cmp.Or(c.RefreshLifetime, 30*24*time.Hour)
	c.BodyTime = cmp.Or(c.BodyTime, bodyTime)
	if c.Out == nil {
		c.Out = io.Discard
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

// checkBase refuses an address to which no path can be appended.
func checkBase(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Host == "" || strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not a base address: it looks like http://127.0.0.1:8080/pool", address)
	}
	return nil
}

// load reads ID, issuer and keys, or creates them the first time.
func (p *Pool) load(ctx context.Context) error {
	id := p.conf.PoolID
	if id == "" {
		id = "local_" + randomName(9)
	}
	var err error
	if p.id, err = p.db.loadOrStoreMeta(ctx, "pool_id", id); err != nil {
		return err
	}
	if p.previous, err = p.db.loadOrStoreMeta(ctx, "issuer", p.Issuer()); err != nil {
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

// Close closes the database. Requests in progress fail.
func (p *Pool) Close() error { return p.db.Close() }

// PoolID returns the ID of the pool. It never changes.
func (p *Pool) PoolID() string { return p.id }

// Issuer returns the issuer of the pool's tokens.
func (p *Pool) Issuer() string { return p.conf.IssuerBase + "/" + p.id }

// PreviousIssuer returns the issuer at the time when the pool was last opened. If Issuer
// has changed since, earlier sign-ins have ended, because their tokens name the old one.
func (p *Pool) PreviousIssuer() string { return p.previous }

// Keys returns a function that finds the public key with a key ID, to verify tokens in
// the same process.
func (p *Pool) Keys() func(kid string) (*rsa.PublicKey, bool) { return p.keys.find }

// RotateKeys creates new keys to sign with. The old ones stay published until every token
// that they signed has expired.
func (p *Pool) RotateKeys(ctx context.Context) error {
	return p.keys.rotate(ctx, p.db, p.now())
}

// now returns the time by the pool's clock, which tests can change.
func (p *Pool) now() time.Time {
	return p.conf.Now().Add(time.Duration(p.conf.Behaviour.Knobs().ClockOffset))
}

// logError writes an error to the terminal, unless the cause is a client that has disconnected.
func (p *Pool) logError(err error) {
	if !errors.Is(err, context.Canceled) {
		p.print("userpool: %v", err)
	}
}

// print writes a message to the terminal.
func (p *Pool) print(format string, args ...any) {
	_, _ = fmt.Fprintf(p.conf.Out, format+"\n", args...)
}

// client returns the app client with this ID.
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

// forScripts reports whether scripts of other pages may call the route. Such a route reads no cookie.
func (r route) forScripts() bool {
	switch r.path {
	case "/oauth2/token", "/oauth2/revoke", "/oauth2/userInfo":
		return true
	}
	return strings.Contains(r.path, wellKnown)
}

// wellKnown is in the paths of the documents about the issuer.
const wellKnown = "/.well-known/"

func (p *Pool) routes() []route {
	return []route{
		{"GET", "/oauth2/authorize", p.authorize},
		{"GET", "/login", p.loginPage},
		{"POST", "/login", p.login},
		{"GET", "/signup", p.signupPage},
		{"POST", "/signup", p.signup},
		{"GET", "/provider", p.standInPage},
		{"POST", "/provider", p.standIn},
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

// Paths returns the paths that Handler serves, as patterns for http.ServeMux. They are relative to BaseURL. If BaseURL
// has a path, use http.StripPrefix.
func (p *Pool) Paths() []string {
	var paths []string
	for _, r := range p.routes() {
		if len(paths) == 0 || paths[len(paths)-1] != r.path {
			paths = append(paths, r.path)
		}
	}
	return paths
}

// Handler returns the handler for Paths.
//
// Pages refuse forms from pages of other sites (http.CrossOriginProtection). The token and revocation endpoints do not,
// because they read no cookie.
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
