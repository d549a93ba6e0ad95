package web

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/auth"
)

// attempt is a sign-in in progress. It lives in a cookie of the browser that began it, so
// that a code which somebody else got cannot be used in it (login CSRF), and strangers
// cannot fill the database. State, nonce and code verifier are derived from one secret.
type attempt struct {
	secret [32]byte
	to     string // the path to go to afterwards
}

const (
	attemptCookie = "signin-"
	attemptTime   = 3600 // seconds; a sign-up waits for a mail
	maxAttempts   = 4    // of one browser: each is a cookie
	maxReturn     = 1000 // bytes of the path to go to afterwards
)

func newAttempt(to string) attempt {
	a := attempt{to: to}
	_, _ = rand.Read(a.secret[:]) // never fails
	return a
}

func (a attempt) derive(label string) string {
	key, err := hkdf.Key(sha256.New, a.secret[:], nil, "photos sign-in: "+label, sha256.Size)
	if err != nil {
		panic(err) // only a length that is too large is an error
	}
	return base64.RawURLEncoding.EncodeToString(key)
}

func (a attempt) state() string         { return a.derive("state") }
func (a attempt) nonce() string         { return a.derive("nonce") }
func (a attempt) verifier() auth.Secret { return auth.NewSecret(a.derive("verifier")) }

// attemptName returns the name of the attempt's cookie, which tells attempts in several tabs apart.
func attemptName(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// begin gives the browser the cookie of an attempt. Of too many attempts it ends all former
// ones.
func (c cookies) begin(w http.ResponseWriter, r *http.Request, a attempt) {
	if former := c.named(r, attemptCookie); len(former) >= maxAttempts {
		for name := range former {
			http.SetCookie(w, c.make(attemptCookie+name, "", -1))
		}
	}
	value := base64.RawURLEncoding.EncodeToString(a.secret[:]) + "." + base64.RawURLEncoding.EncodeToString([]byte(a.to))
	http.SetCookie(w, c.make(attemptCookie+attemptName(a.state()), value, attemptTime))
}

// finish returns the attempt that has a state, and removes its cookie: it works once.
func (c cookies) finish(w http.ResponseWriter, r *http.Request, state string) (attempt, bool) {
	name := attemptName(state)
	value, ok := c.named(r, attemptCookie)[name]
	if !ok {
		return attempt{}, false
	}
	http.SetCookie(w, c.make(attemptCookie+name, "", -1))
	secret, to, _ := strings.Cut(value, ".")
	rawSecret, err := base64.RawURLEncoding.DecodeString(secret)
	rawTo, err2 := base64.RawURLEncoding.DecodeString(to)
	if err != nil || err2 != nil || len(rawSecret) != sha256.Size {
		return attempt{}, false
	}
	a := attempt{secret: [32]byte(rawSecret), to: string(rawTo)}
	return a, subtle.ConstantTimeCompare([]byte(a.state()), []byte(state)) == 1
}

// localPath returns a path with query on this service from what a request says, or "" if it
// leads elsewhere. A browser takes //host and /\host for addresses of other sites, and leaves
// tabs and newlines out.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || len(to) > maxReturn || u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil {
		return ""
	}
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\x00") {
		return ""
	}
	for _, c := range []byte(to) {
		if c <= ' ' || c == 0x7f {
			return ""
		}
	}
	return to
}
