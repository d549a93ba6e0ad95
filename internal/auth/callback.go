package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"photos/internal/text"
)

// reply is what the provider sends back through the browser: to the redirect URI, or
// pasted by the person (RFC 6749, sections 4.1.2 and 4.1.2.1).
type reply struct {
	code        Secret
	state       string
	failure     string // error
	description string // error_description
}

const maxReply = 16 << 10 // bytes of a query that are looked at

// parseReply reads the query of a redirect. A parameter that stands twice makes it
// worthless (RFC 6749, section 3.1), as does one with both code and error.
func parseReply(query string) (reply, error) {
	if len(query) > maxReply {
		return reply{}, errors.New("too long")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return reply{}, errors.New("not a query")
	}
	for _, name := range []string{"code", "state", "error", "error_description"} {
		if len(values[name]) > 1 {
			return reply{}, fmt.Errorf("%s stands twice", name)
		}
	}
	r := reply{
		code: NewSecret(values.Get("code")), state: values.Get("state"),
		failure: values.Get("error"), description: values.Get("error_description"),
	}
	if r.code.IsZero() == (r.failure == "") {
		return reply{}, errors.New("neither a code nor an error")
	}
	return r, nil
}

// meaning is what a reply means for the sign-in with a given state.
type meaning int

const (
	stray     meaning = iota // not for this sign-in: somebody else's, forged, or an old one
	complaint                // an error nobody can vouch for: to be shown, not to be believed
	final                    // a code or an error of this very sign-in
)

// meansFor holds the reply against the state that was sent. Cognito may leave the state
// out of an error, but nothing without it ever counts.
func (r reply) meansFor(state string) meaning {
	switch {
	case subtle.ConstantTimeCompare([]byte(r.state), []byte(state)) == 1:
		return final
	case r.failure != "" && r.state == "":
		return complaint
	}
	return stray
}

// err is the error of a final reply, or nil for a code.
func (r reply) err() error {
	if r.failure == "" {
		return nil
	}
	e := &Error{Kind: Denied, Msg: "the sign-in was refused: " + r.told(), Hint: "photos login to try again"}
	if r.failure == "access_denied" {
		e.Msg = "the sign-in was cancelled in the browser"
	}
	return e
}

// told is the provider's error, fit for a terminal.
func (r reply) told() string {
	told := text.Cut(r.failure, 60)
	if r.description != "" {
		told += " (" + text.Cut(r.description, 200) + ")"
	}
	return told
}

// door listens for the browser's return on one redirect URI. It exists before anything
// is sent, so that the port is ours; it lets replies in once open is called with the
// state to expect.
type door struct {
	redirect  *url.URL
	listeners []net.Listener
	server    *http.Server
	state     string
	start     *starter
	replies   chan reply    // the first final one
	hearsay   chan reply    // complaints, dropped when nobody listens
	brought   atomic.Bool   // a browser brought one
	settled   chan struct{} // closed when page is set
	page      page
	shown     chan struct{} // closed when the browser that brought the reply has its page
}

// newDoor takes the first redirect URI whose port is free. They are tried in order,
// because the provider compares them exactly, port included.
func newDoor(ctx context.Context, redirectURIs []string) (*door, error) {
	var taken []string
	for _, address := range redirectURIs {
		u, err := parseRedirect(address)
		if err != nil {
			return nil, err
		}
		listeners, err := listen(ctx, u)
		if err == nil {
			return &door{
				redirect: u, listeners: listeners, start: newStarter(),
				replies: make(chan reply, 1), hearsay: make(chan reply, 1),
				settled: make(chan struct{}), shown: make(chan struct{}),
			}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		taken = append(taken, u.Host)
	}
	return nil, &Error{Kind: PortsTaken, Msg: "no redirect port is free: " + strings.Join(taken, ", "),
		Hint: "end the other sign-in that is still waiting, or free one of these ports"}
}

// parseRedirect accepts what RFC 8252, section 7.3, and Cognito allow: http on this
// machine with a port of its own.
func parseRedirect(address string) (*url.URL, error) {
	u, err := parseSecure("redirect URI", address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Port() == "" {
		return nil, &Error{Kind: Misconfigured, Msg: fmt.Sprintf("redirect URI %s is not http with a port on this machine", text.Quote(address)),
			Hint: "it looks like http://127.0.0.1:18484/callback"}
	}
	return u, nil
}

// listen binds every address the redirect URI's host stands for: a browser may take
// localhost for 127.0.0.1 or ::1, and whoever holds the other one would get the code.
func listen(ctx context.Context, redirect *url.URL) ([]net.Listener, error) {
	hosts := []string{redirect.Hostname()}
	if strings.EqualFold(redirect.Hostname(), "localhost") {
		hosts = []string{"127.0.0.1", "::1"}
	}
	var listeners []net.Listener
	for _, host := range hosts {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, redirect.Port()))
		if err == nil {
			listeners = append(listeners, l)
			continue
		}
		if host == "::1" && len(listeners) > 0 && !errors.Is(err, syscall.EADDRINUSE) && !hasIPv6Loopback(ctx) {
			continue
		}
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, err
	}
	return listeners, nil
}

// hasIPv6Loopback reports whether ::1 can be bound at all on this machine.
func hasIPv6Loopback(ctx context.Context) bool {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// redirectURI is the one that was taken, in the words it was registered with.
func (d *door) redirectURI() string { return d.redirect.String() }

// port is the redirect URI's port.
func (d *door) port() string { return d.redirect.Port() }

// startAddress is where a browser is sent to go on to the sign-in address.
func (d *door) startAddress() string { return "http://" + d.redirect.Host + d.start.path }

// open starts answering; only replies with this state are for us. A browser that comes
// by startAddress is led on to target; empty: none will come.
func (d *door) open(state, target string) {
	d.state, d.start.target = state, target
	d.server = &http.Server{
		Handler: d, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // strays on the port are nobody's news
	}
	for _, l := range d.listeners {
		go func() { _ = d.server.Serve(l) }()
	}
}

// ServeHTTP lets a browser with our state wait for the true outcome. Everything else
// gets 400 and changes nothing: other paths, other hosts (a page that rebinds its name
// to 127.0.0.1), other methods, wrong states, other users of the machine.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == d.redirect.Host && r.Method == http.MethodGet && d.start.handles(r) && !foreign(r) {
		d.start.ServeHTTP(w, r)
		return
	}
	given, err := parseReply(r.URL.RawQuery)
	if err != nil || d.start.opened.Load() && foreign(r) || r.Method != http.MethodGet || r.Host != d.redirect.Host || r.URL.EscapedPath() != d.redirect.EscapedPath() {
		strayPage().write(w, http.StatusBadRequest)
		return
	}
	switch given.meansFor(d.state) {
	case stray:
		strayPage().write(w, http.StatusBadRequest)
	case complaint:
		select {
		case d.hearsay <- given:
		default:
		}
		complaintPage(given).write(w, http.StatusBadRequest)
	case final:
		if d.brought.CompareAndSwap(false, true) {
			d.replies <- given
			defer close(d.shown)
		}
		d.show(w, r)
	}
}

// show waits for the outcome and sends it. A reply that comes twice is shown the same
// page.
func (d *door) show(w http.ResponseWriter, r *http.Request) {
	select {
	case <-d.settled:
		d.page.write(w, d.page.status())
	case <-r.Context().Done():
	}
}

// settle tells every waiting browser the outcome. Called at most once.
func (d *door) settle(p page) {
	d.page = p
	close(d.settled)
}

// close frees the port. The browser that brought the reply gets a moment to read the
// page; connections browsers open on suspicion get none.
func (d *door) close() {
	if d.brought.Load() {
		select {
		case <-d.shown:
		case <-time.After(2 * time.Second):
		}
	}
	for _, l := range d.listeners {
		_ = l.Close()
	}
	if d.server != nil {
		_ = d.server.Close()
	}
}
