package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// revoke ends a refresh token at the provider (RFC 7009). A dead token is no error
// there. Access tokens already given out stay valid until they expire.
func (e endpoint) revoke(ctx context.Context, refresh Secret) error {
	form := url.Values{"token": {refresh.Reveal()}}
	if e.secret.IsZero() {
		form.Set("client_id", e.clientID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.provider.RevocationEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return &Error{Kind: Misconfigured, Msg: "address of the revocation endpoint", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !e.secret.IsZero() {
		// RFC 6749, section 2.3.1, encodes both before they become Basic credentials.
		req.SetBasicAuth(url.QueryEscape(e.clientID), url.QueryEscape(e.secret.Reveal()))
	}
	resp, err := newClient(e.rt).Do(req)
	if err != nil {
		return unreachable(ctx, "revoking the session", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &Error{Kind: Unavailable, Msg: fmt.Sprintf("revoking the session at %s: status %d", e.provider.Domain(), resp.StatusCode)}
	}
	return nil
}

// LogoutURL is where a browser ends its own session at the provider. It is sent on to
// returnTo, which must be one of the client's registered sign-out URLs, exactly.
func (p Provider) LogoutURL(clientID, returnTo string) string {
	return p.EndSessionEndpoint + "?" + url.Values{"client_id": {clientID}, "logout_uri": {returnTo}}.Encode()
}

// LogoutOptions are what ending a session needs.
type LogoutOptions struct {
	Session  Session
	Store    Store
	StateDir string
	Waiting  func(pid int)     // as in SourceOptions
	HTTP     http.RoundTripper // nil: http.DefaultTransport
}

// Farewell is what remains of a session that was logged out.
type Farewell struct {
	// NotRevoked is why the provider could not be told, or nil. The refresh token is
	// gone from this machine, but a copy of it would work until it expires.
	NotRevoked error
	// AccessUntil is when the last access token given out ends, by this machine's
	// clock: no provider can take it back. Zero when none was kept.
	AccessUntil time.Time
}

// Logout revokes the session at the provider and forgets it here; the second even when
// the first fails. Its error means that entries may remain in the store.
func Logout(ctx context.Context, o LogoutOptions) (Farewell, error) {
	c := credential{id: o.Session.Credential, store: o.Store}
	l := locker{dir: o.StateDir, id: c.id, waiting: o.Waiting}
	// Under the lock, or a refresh under way would store its rotated token afterwards.
	release, err := l.lock(ctx)
	if err != nil {
		return Farewell{}, err
	}
	defer release()
	var bye Farewell
	if access, err := c.access(ctx); err == nil {
		bye.AccessUntil = access.Expiry
	}
	bye.NotRevoked = revokeStored(ctx, c, o)
	if interrupted(ctx) {
		return Farewell{}, ctx.Err()
	}
	if err := c.forget(ctx); err != nil {
		return bye, err
	}
	// Safe while it is held: nobody signs in under this name again, and whoever waits
	// for the lock finds nothing in the store.
	_ = os.Remove(l.lockPath())
	return bye, stateFile{o.StateDir, c.id}.remove()
}

// revokeStored revokes the refresh token in the store, if there is one.
func revokeStored(ctx context.Context, c credential, o LogoutOptions) error {
	refresh, err := c.refresh(ctx)
	if KindOf(err) == NotSignedIn {
		return nil
	}
	if err != nil {
		return err
	}
	e := endpoint{provider: o.Session.Provider, clientID: o.Session.ClientID, rt: o.HTTP, now: time.Now}
	if o.Session.Confidential {
		if e.secret, err = c.clientSecret(ctx); err != nil {
			return err
		}
	}
	return e.revoke(ctx, refresh)
}
