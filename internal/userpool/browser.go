package userpool

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// browser says who is signed in in a browser, and since when.
type browser struct {
	sub        string // "": nobody
	signedInAt time.Time
}

// browserLifetime is the lifetime of Cognito's session cookie.
const browserLifetime = time.Hour

// cookieName returns a name with the pool in it, because the ports of a host share their cookies.
func (p *Pool) cookieName() string { return "session-" + p.id }

// signedInUser returns who is signed in in the browser that sent r.
func (p *Pool) signedInUser(r *http.Request) (browser, error) {
	cookie, err := r.Cookie(p.cookieName())
	if err != nil {
		return browser{}, nil //nolint:nilerr // there is no cookie
	}
	who, err := p.db.browser(r.Context(), cookie.Value, p.now())
	if errors.Is(err, errAbsent) {
		return browser{}, nil
	}
	return who, err
}

// addSession signs a user in in this browser.
func (p *Pool) addSession(ctx context.Context, w http.ResponseWriter, sub string) (browser, error) {
	secret, now := uuid.NewString()+uuid.NewString(), p.now()
	who := browser{sub: sub, signedInAt: now}
	if err := p.db.addBrowser(ctx, secret, who, now.Add(browserLifetime)); err != nil {
		return browser{}, err
	}
	http.SetCookie(w, p.cookie(secret, int(browserLifetime.Seconds())))
	return who, nil
}

func (p *Pool) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: p.cookieName(), Value: value, Path: p.base + "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.conf.BaseURL, "https:"),
	}
}

func (d *database) addBrowser(ctx context.Context, secret string, who browser, expiresAt time.Time) error {
	_, err := d.ExecContext(ctx, "INSERT INTO browsers (cookie, sub, signed_in_at, expires_at) VALUES (?, ?, ?, ?)",
		hashed(secret), who.sub, who.signedInAt.UnixMicro(), expiresAt.UnixMicro())
	return err
}

// browser returns the sign-in with this cookie. The error is errAbsent if there is none or it has expired.
func (d *database) browser(ctx context.Context, secret string, now time.Time) (browser, error) {
	var who browser
	var signedInAt int64
	err := d.QueryRowContext(ctx, "SELECT sub, signed_in_at FROM browsers WHERE cookie = ? AND expires_at > ?", hashed(secret), now.UnixMicro()).
		Scan(&who.sub, &signedInAt)
	who.signedInAt = time.UnixMicro(signedInAt)
	return who, absent(err)
}

// afterLogout returns where the browser goes after a sign-out: to logout_uri, or, if there is a redirect_uri, to the
// login page. The login page checks the other parameters.
func (p *Pool) afterLogout(query url.Values) (string, *refusal) {
	client, known := p.client(single(query, "client_id"))
	switch {
	case !known:
		return "", &refusal{code: "invalid_client"}
	case query.Has("logout_uri") && slices.Contains(client.LogoutURIs, single(query, "logout_uri")):
		return query.Get("logout_uri"), nil
	case query.Has("logout_uri"):
		return "", &refusal{code: "redirect_mismatch"}
	case !query.Has("redirect_uri"):
		return "", &refusal{code: "invalid_request"}
	case !slices.Contains(client.RedirectURIs, single(query, "redirect_uri")):
		return "", &refusal{code: "redirect_mismatch"}
	}
	return p.base + "/login?" + query.Encode(), nil
}

// logout ends the browser's sign-in and sends the browser on. Refresh tokens stay valid until their clients revoke
// them.
func (p *Pool) logout(w http.ResponseWriter, r *http.Request) {
	to, refused := p.afterLogout(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	for _, cookie := range r.CookiesNamed(p.cookieName()) { // there are two if the pages have moved to another path
		if _, err := p.db.ExecContext(r.Context(), "DELETE FROM browsers WHERE cookie = ?", hashed(cookie.Value)); err != nil {
			p.fail(w, err)
			return
		}
	}
	http.SetCookie(w, p.cookie("", -1))
	http.Redirect(w, r, to, http.StatusFound)
}
