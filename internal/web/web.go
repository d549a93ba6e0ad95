// Package web is My photos, the pages in the browser: signing up and in, uploading, looking
// at photos, describing, deleting and restoring them. The pages are made here and work
// without JavaScript. Its handlers read a form, call internal/service, and answer.
//
//	web.go      what the pages are made from, and what every request passes
//	signin.go   the start and the end of a sign-in            attempt.go  a sign-in in progress
//	cookie.go   the cookie of a session                       provider.go who signs users in
//	page.go     templates, errors                             static.go   style, script
//	home.go     the page at /                                 account.go  the account and its sessions
//	library.go  the grid                                      photo.go    one photo
//	listing.go  which photos a page lists                     tile.go     a photo as pages show it
//	upload.go   the form that takes photos                    selection.go  what is done with several photos
//	trash.go    the trash                                     months.go   the years and months of the grid
//	shares.go   links with which anyone can look at photos    shared.go     what they see
//
// A session is a cookie (internal/session). Access tokens and access keys identify nobody
// here, and the cookie identifies nobody in the API.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
)

// Config is what New makes the pages from. Only Domain, Secret, Providers, Media, Spool,
// Stall, Log and Now may be left out.
type Config struct {
	BaseURL  string // of the service as users know it, without a slash at the end
	Service  *service.Service
	Sessions session.Rows

	Issuer    string   // of the user pool
	Domain    string   // of its sign-in pages; empty: where its endpoints are
	ClientID  string   // the app client of the pages
	Secret    string   // of that client; empty: it has none
	Providers []string // identity providers of the pool that get a button of their own

	Media string           // the source of originals that the service redirects to, as policies have it; empty: it sends them itself
	Spool string           // a folder for photos on their way through a form; empty: the system's
	Stall time.Duration    // how long a connection may transfer no byte; default 60 s
	Log   *slog.Logger     // nil: nothing is logged
	Now   func() time.Time // nil: time.Now; tests let time pass
}

// Pages answers requests for pages.
type Pages struct {
	base     *url.URL
	root     string // the path of the base address: "" or /photos
	service  *service.Service
	sessions *session.Manager
	provider *provider
	buttons  []providerButton
	cookies  cookies
	assets   assets
	page     pageMaker
	media    string
	spool    string
	stall    time.Duration
	log      *slog.Logger
	crossing *http.CrossOriginProtection
}

// New checks c and makes the pages. It asks the user pool for nothing.
func New(c Config) (*Pages, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base address: %w", err)
	}
	if c.Service == nil || c.Sessions == nil || c.Issuer == "" || c.ClientID == "" || base.Host == "" {
		return nil, errors.New("web: a part is missing")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	if c.Spool == "" {
		c.Spool = os.TempDir()
	}
	p := &Pages{
		base: base, root: base.Path, service: c.Service, provider: newProvider(c), cookies: newCookies(base),
		media: c.Media, spool: c.Spool, stall: c.Stall, log: c.Log, crossing: http.NewCrossOriginProtection(),
	}
	for _, name := range c.Providers {
		p.buttons = append(p.buttons, newProviderButton(name))
	}
	p.sessions = &session.Manager{Rows: c.Sessions, Provider: p.provider, Identify: p.identify, Log: c.Log, Now: c.Now}
	if p.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if p.page, err = newPageMaker(p.root, p.assets); err != nil {
		return nil, err
	}
	return p, nil
}

// identify returns the caller of an access token.
func (p *Pages) identify(ctx context.Context, access string) (service.Caller, error) {
	return p.service.Accounts.Authenticate(ctx, access, service.SignedIn)
}

// Run removes sessions that have ended, until ctx ends.
func (p *Pages) Run(ctx context.Context) { p.sessions.Run(ctx) }

// Handlers returns the handlers of all pages, as patterns for http.ServeMux relative to the
// base address.
func (p *Pages) Handlers() map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for pattern, h := range map[string]handler{
		"GET /{$}":                   p.home,
		"GET /login":                 p.login,
		"GET /signup":                p.login,
		"GET /callback":              p.callback,
		"GET /logout":                p.logout,
		"GET /account":               p.signedIn(p.account),
		"POST /account/sessions":     p.signedIn(p.endSessions),
		"GET /myphotos":              p.signedIn(p.library),
		"POST /myphotos":             p.signedIn(p.upload),
		"GET /myphotos/trash":        p.signedIn(p.trash),
		"GET /myphotos/trash/empty":  p.signedIn(p.askEmptyTrash),
		"POST /myphotos/trash/empty": p.signedIn(p.emptyTrash),
		"POST /myphotos/selection":   p.signedIn(p.selection),
		"GET /myphotos/{id}":         p.signedIn(p.onPhoto(p.photo)),
		"POST /myphotos/{id}":        p.signedIn(p.onPhoto(p.describe)),
		"POST /myphotos/{id}/undo":   p.signedIn(p.onPhoto(p.undo)),
		"POST /myphotos/{id}/delete": p.signedIn(p.onPhoto(p.delete)),
		"GET /shares":                p.signedIn(p.shares),
		"POST /shares":               p.signedIn(p.createShare),
		"GET /shares/new":            p.signedIn(p.newShare),
		"POST /shares/{id}/revoke":   p.signedIn(p.revokeShare),
	} {
		handlers[pattern] = p.guard(h)
	}
	maps.Copy(handlers, p.sharedHandlers())
	handlers["GET "+assetPath+"{digest}/{name}"] = p.assets
	return handlers
}

// A handler answers a request, or returns an error, which becomes a page.
type handler func(w http.ResponseWriter, r *http.Request) error

// A signedInHandler is a handler for requests of a signed-in user.
type signedInHandler func(w http.ResponseWriter, r *http.Request, by session.Session) error

// guard refuses requests that pages of other sites make, and sends the browser to the name
// by which the service is known: cookies and return addresses belong to that.
func (p *Pages) guard(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.goHome(w, r) {
			return
		}
		err := p.crossing.Check(r)
		if err != nil {
			err = &photo.Error{Kind: photo.KindForbidden, Msg: "this form was sent by a page of another site", Err: err}
		} else {
			err = h(w, r)
		}
		if err != nil {
			p.fail(w, r, nil, err)
		}
	})
}

// goHome sends a browser that uses another name of the service to the name by which it is known,
// and reports whether it did.
func (p *Pages) goHome(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || strings.EqualFold(r.Host, p.base.Host) {
		return false
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, p.base.Scheme+"://"+p.base.Host+p.root+r.URL.RequestURI(), http.StatusFound)
	return true
}

// signedIn runs h for the user of the request's session. Without one, the browser goes to
// sign in and comes back; a form that was sent is shown again.
func (p *Pages) signedIn(h signedInHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		by, err := p.session(r)
		switch {
		case err == nil:
			count := func() (func(), error) { return p.service.Requests.Acquire(by.Caller.Owner) }
			if err := enter(count, func() error { return h(w, r, by) }); err != nil {
				p.fail(w, r, &by, err)
			}
			return nil
		case photo.KindOf(err) != photo.KindNotSignedIn && r.Method != http.MethodPost:
			return err
		case r.Method == http.MethodPost:
			return p.keepForm(w, r, err)
		}
		p.cookies.clear(w)
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, p.root+"/login?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusFound)
		return nil
	}
}

// session returns the session of a request.
func (p *Pages) session(r *http.Request) (session.Session, error) {
	return p.sessions.Find(r.Context(), p.cookies.read(r))
}

// Caller returns the user of a request of a page's own script or picture. It is for the
// handlers of the API that pages use with their session. A request that a page of another
// site makes is refused.
func (p *Pages) Caller(r *http.Request) (service.Caller, error) {
	if err := p.crossing.Check(r); err != nil {
		return service.Caller{}, &photo.Error{Kind: photo.KindForbidden, Msg: "this request was sent by a page of another site", Err: err}
	}
	s, err := p.session(r)
	return s.Caller, err
}
