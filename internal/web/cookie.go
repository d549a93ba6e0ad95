package web

import (
	"net/http"
	"net/url"
	"strings"

	"photos/internal/session"
)

// cookies reads and writes the cookies of this service. Browsers send cookies to every port
// of a host, so over http, where several services may be on one machine, their names have
// the port in them.
type cookies struct {
	prefix string
	path   string
	secure bool
}

func newCookies(base *url.URL) cookies {
	if base.Scheme != "https" {
		name := "photos-"
		if port := base.Port(); port != "" {
			name += port + "-"
		}
		return cookies{prefix: name, path: base.Path + "/"}
	}
	if base.Path != "" { // __Host- demands the path /, which other sites of the host would get, too
		return cookies{prefix: "__Secure-photos-", path: base.Path + "/", secure: true}
	}
	return cookies{prefix: "__Host-photos-", path: "/", secure: true}
}

const sessionCookie = "session"

// read returns the value of the session cookie, or "".
func (c cookies) read(r *http.Request) string {
	cookie, err := r.Cookie(c.prefix + sessionCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// set gives the browser the cookie of a session.
func (c cookies) set(w http.ResponseWriter, value string) {
	http.SetCookie(w, c.make(sessionCookie, value, int(session.Lifetime.Seconds())))
}

func (c cookies) clear(w http.ResponseWriter) { http.SetCookie(w, c.make(sessionCookie, "", -1)) }

func (c cookies) make(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: c.prefix + name, Value: value, Path: c.path, MaxAge: maxAge, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode}
}

// named returns the cookies whose names begin with name, by the rest of their names.
func (c cookies) named(r *http.Request, name string) map[string]string {
	found := map[string]string{}
	for _, cookie := range r.Cookies() {
		if rest, ok := strings.CutPrefix(cookie.Name, c.prefix+name); ok {
			found[rest] = cookie.Value
		}
	}
	return found
}
