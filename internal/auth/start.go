package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync/atomic"
	"time"
)

// starter hands the sign-in address to the browser. The address holds state, nonce and
// challenge, and the arguments of a browser's process are visible to every user of the
// machine: one who read them could finish the sign-in with an account of their own, and
// the pictures would go there. So the browser is started with a one-time address on this
// machine that leads on to the real one.
//
// Another user may still be the first to open the one-time address. On Linux the kernel
// says whose process a connection belongs to, and only ours count. Elsewhere the second
// browser that comes shows that there was a first, and ends the sign-in.
type starter struct {
	path    string // where it leads on; random
	target  string // the sign-in address; empty: no browser is started
	ticket  string // a cookie of the first browser, which may come again
	opened  atomic.Bool
	rivaled chan struct{} // has an element when a second browser came
}

const ticketCookie = "photos_start"

func newStarter() *starter {
	return &starter{path: "/start/" + rand.Text(), ticket: rand.Text(), rivaled: make(chan struct{}, 1)}
}

// handles reports whether a request is for the one-time address.
func (s *starter) handles(r *http.Request) bool {
	return s.target != "" && subtle.ConstantTimeCompare([]byte(r.URL.EscapedPath()), []byte(s.path)) == 1
}

func (s *starter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.opened.CompareAndSwap(false, true) && !s.again(r) {
		openedTwicePage().write(w, http.StatusGone) // first: the sign-in ends with the next line
		select {
		case s.rivaled <- struct{}{}:
		default:
		}
		return
	}
	http.SetCookie(w, &http.Cookie{ // not Secure: the address is http on this machine
		Name: ticketCookie, Value: s.ticket, Path: s.path, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(time.Hour / time.Second),
	})
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Connection", "close")
	http.Redirect(w, r, s.target, http.StatusFound)
}

// again reports whether the first browser asks once more.
func (s *starter) again(r *http.Request) bool {
	c, err := r.Cookie(ticketCookie)
	return err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(s.ticket)) == 1
}

func openedTwice() error {
	return &Error{Kind: Untrusted, Msg: "the sign-in address was opened by two browsers; another user of this machine may have been first",
		Hint: "photos login again; with --no-browser, and the address opened by hand, nobody else sees it"}
}
