package signin

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

	"photos/internal/auth"
	"photos/internal/text"
)

// reply is what the provider sends back through the browser, to the redirect URI or in
// an address that the user pastes (RFC 6749, sections 4.1.2 and 4.1.2.1).
type reply struct {
	code        auth.Secret
	state       string
	failure     string // the parameter error
	description string // the parameter error_description
}

const maxReply = 16 << 10 // bytes of a query that are read

// parseReply reads the query of a redirect. It refuses a repeated parameter (RFC 6749,
// section 3.1), and a query with both a code and an error.
func parseReply(query string) (reply, error) {
	if len(query) > maxReply {
		return reply{}, errors.New("too long")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return reply{}, errors.New("not a valid query")
	}
	for _, name := range []string{"code", "state", "error", "error_description"} {
		if len(values[name]) > 1 {
			return reply{}, fmt.Errorf("%s is there twice", name)
		}
	}
	r := reply{
		code: auth.NewSecret(values.Get("code")), state: values.Get("state"),
		failure: values.Get("error"), description: values.Get("error_description"),
	}
	if r.code.IsZero() == (r.failure == "") {
		return reply{}, errors.New("neither a code nor an error")
	}
	return r, nil
}

// relation says how a reply relates to a sign-in.
type relation int

const (
	unrelated  relation = iota // of another sign-in, of an older one, or forged
	unverified                 // an error without a state: it is shown, but it does not end the sign-in
	verified                   // a code or an error of this sign-in
)

// relationTo compares the reply's state with the one that was sent. Cognito may leave the
// state out of an error, so such an error is unverified.
func (r reply) relationTo(state string) relation {
	switch {
	case subtle.ConstantTimeCompare([]byte(r.state), []byte(state)) == 1:
		return verified
	case r.failure != "" && r.state == "":
		return unverified
	}
	return unrelated
}

// err returns the error of a verified reply, or nil for a code.
func (r reply) err() error {
	if r.failure == "" {
		return nil
	}
	e := &auth.Error{Kind: auth.Denied, Msg: "the sign-in was refused: " + r.message(), Hint: "photos login to try again"}
	if r.failure == "access_denied" {
		e.Msg = "the sign-in was cancelled in the browser"
	}
	return e
}

// message returns the provider's error, fit for a terminal.
func (r reply) message() string {
	message := text.Cut(r.failure, 60)
	if r.description != "" {
		message += " (" + text.Cut(r.description, 200) + ")"
	}
	return message
}

// callbackServer receives the reply of the provider at one redirect URI. It listens
// before a browser is started, so that no other program can take the port. It answers
// after serve is called with the state to expect.
type callbackServer struct {
	redirect   *url.URL
	listeners  []net.Listener
	server     *http.Server
	state      string
	start      *startPage
	replies    chan reply    // the first verified reply
	unverified chan reply    // unverified errors; one that nobody receives is dropped
	received   atomic.Bool   // a browser brought a verified reply
	finished   chan struct{} // closed when result is set
	result     page
	delivered  chan struct{} // closed when the browser that brought the reply has its page
}

// newCallbackServer listens on the first redirect URI whose port is free. It tries them
// in order. The provider compares redirect URIs exactly, including the port.
func newCallbackServer(ctx context.Context, redirectURIs []string) (*callbackServer, error) {
	var taken []string
	for _, address := range redirectURIs {
		u, err := parseRedirect(address)
		if err != nil {
			return nil, err
		}
		listeners, err := listen(ctx, u)
		if err == nil {
			return &callbackServer{
				redirect: u, listeners: listeners, start: newStartPage(),
				replies: make(chan reply, 1), unverified: make(chan reply, 1),
				finished: make(chan struct{}), delivered: make(chan struct{}),
			}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		taken = append(taken, u.Host)
	}
	return nil, &auth.Error{Kind: auth.PortsTaken, Msg: "no redirect port is free: " + strings.Join(taken, ", "),
		Hint: "end the other sign-in that is still waiting, or free one of these ports"}
}

// PortFree checks that this program could listen on a redirect URI now. The error is of
// kind PortsTaken if the port is not free.
func PortFree(ctx context.Context, redirectURI string) error {
	s, err := newCallbackServer(ctx, []string{redirectURI})
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// listen listens on every address that the redirect URI's host stands for. A browser may
// resolve localhost to 127.0.0.1 or to ::1, and a program that listens on the other
// address would get the code.
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

// hasIPv6Loopback reports whether this machine has the address ::1.
func hasIPv6Loopback(ctx context.Context) bool {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// redirectURI returns the redirect URI as it is registered.
func (s *callbackServer) redirectURI() string { return s.redirect.String() }

// port returns the redirect URI's port.
func (s *callbackServer) port() string { return s.redirect.Port() }

// startAddress returns the one-time address that redirects a browser to the sign-in page.
func (s *callbackServer) startAddress() string { return "http://" + s.redirect.Host + s.start.path }

// serve starts answering requests. Only replies with this state are verified. The
// one-time address redirects to target; if target is empty, there is no such address.
func (s *callbackServer) serve(state, target string) {
	s.state, s.start.target = state, target
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // other programs may connect to the port; nothing is logged about them
	}
	for _, l := range s.listeners {
		go func() { _ = s.server.Serve(l) }()
	}
}

// ServeHTTP keeps a browser with a verified reply waiting until the sign-in has ended.
// Every other request gets 400 and changes nothing: another path, another host (a page
// whose name is rebound to 127.0.0.1), another method, a wrong state, another user of
// this machine.
func (s *callbackServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == s.redirect.Host && r.Method == http.MethodGet && s.start.handles(r) && !fromOtherUser(r) {
		s.start.ServeHTTP(w, r)
		return
	}
	given, err := parseReply(r.URL.RawQuery)
	if err != nil || s.start.opened.Load() && fromOtherUser(r) || r.Method != http.MethodGet || r.Host != s.redirect.Host || r.URL.EscapedPath() != s.redirect.EscapedPath() {
		unrelatedPage().write(w, http.StatusBadRequest)
		return
	}
	switch given.relationTo(s.state) {
	case unrelated:
		unrelatedPage().write(w, http.StatusBadRequest)
	case unverified:
		select {
		case s.unverified <- given:
		default:
		}
		unverifiedPage(given).write(w, http.StatusBadRequest)
	case verified:
		if s.received.CompareAndSwap(false, true) {
			s.replies <- given
			defer close(s.delivered)
		}
		s.writeResult(w, r)
	}
}

// writeResult waits for the end of the sign-in and writes the result. A browser that
// brings the same reply again gets the same page.
func (s *callbackServer) writeResult(w http.ResponseWriter, r *http.Request) {
	select {
	case <-s.finished:
		s.result.write(w, s.result.status())
	case <-r.Context().Done():
	}
}

// finish sends the result to every waiting browser. It is called at most once.
func (s *callbackServer) finish(result page) {
	s.result = result
	close(s.finished)
}

// close frees the port. It waits a moment until the browser that brought the reply has
// its page, but not for the other connections that browsers open in advance.
func (s *callbackServer) close() {
	if s.received.Load() {
		select {
		case <-s.delivered:
		case <-time.After(2 * time.Second):
		}
	}
	for _, l := range s.listeners {
		_ = l.Close()
	}
	if s.server != nil {
		_ = s.server.Close()
	}
}
