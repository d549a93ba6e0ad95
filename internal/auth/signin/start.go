package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync/atomic"
	"time"

	"photos/internal/auth"
)

// startPage redirects the browser to the sign-in address. That address holds state,
// nonce and challenge, and every user of the machine can read the arguments of the
// browser's process. A user who read them could finish the sign-in with their own
// account, and the photos would be uploaded there. So the browser is started with a
// one-time address on this machine instead.
//
// Another user may still be the first to open the one-time address. On Linux the kernel
// says to whose process a connection belongs, and connections of other users are
// refused. On other systems, the sign-in ends when a second browser opens the address.
type startPage struct {
	path        string        // of the one-time address; random
	target      string        // the sign-in address; empty if no browser is started
	cookie      string        // identifies the first browser, which may open the address again
	opened      atomic.Bool   // a browser has opened the address
	openedTwice chan struct{} // has an element when a second browser has opened the address
}

const startCookie = "photos_start"

func newStartPage() *startPage {
	return &startPage{path: "/start/" + rand.Text(), cookie: rand.Text(), openedTwice: make(chan struct{}, 1)}
}

// handles reports whether a request is for the one-time address.
func (s *startPage) handles(r *http.Request) bool {
	return s.target != "" && subtle.ConstantTimeCompare([]byte(r.URL.EscapedPath()), []byte(s.path)) == 1
}

// ServeHTTP redirects the first browser, and reports a second one.
func (s *startPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.opened.CompareAndSwap(false, true) && !s.isFirstBrowser(r) {
		openedTwicePage().write(w, http.StatusGone) // before the report, which ends the sign-in
		select {
		case s.openedTwice <- struct{}{}:
		default:
		}
		return
	}
	http.SetCookie(w, &http.Cookie{ // not Secure: the address is http on this machine
		Name: startCookie, Value: s.cookie, Path: s.path, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(time.Hour / time.Second),
	})
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Connection", "close")
	http.Redirect(w, r, s.target, http.StatusFound)
}

// isFirstBrowser reports whether a request has the cookie of the first browser.
func (s *startPage) isFirstBrowser(r *http.Request) bool {
	c, err := r.Cookie(startCookie)
	return err == nil && subtle.ConstantTimeCompare([]byte(c.Value), []byte(s.cookie)) == 1
}

func openedTwiceError() error {
	return &auth.Error{Kind: auth.Untrusted, Msg: "the sign-in address was opened by two browsers; another user of this machine may have been first",
		Hint: "photos login again; use --no-browser and open the address yourself, so that nobody else sees it"}
}
