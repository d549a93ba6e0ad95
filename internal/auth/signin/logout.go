package signin

import (
	"context"
	"net/http"
	"os"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// LogoutOptions are the settings of [Logout].
type LogoutOptions struct {
	Session  Session
	Store    secret.Store
	StateDir string
	Waiting  func(pid int)     // as in SourceOptions
	HTTP     http.RoundTripper // nil: http.DefaultTransport
}

// LogoutResult says what remains valid of a session after [Logout].
type LogoutResult struct {
	// NotRevoked says why the session was not revoked at the provider, or is nil. The
	// refresh token is removed from this machine, but a copy of it would work until it
	// expires.
	NotRevoked error
	// AccessUntil is when the last access token expires, by this machine's clock. No
	// provider can revoke it. Zero if none was stored.
	AccessUntil time.Time
}

// Logout revokes the session at the provider and removes it from this machine. It also
// removes it if the session cannot be revoked. After an error, entries may be left in
// the store.
func Logout(ctx context.Context, o LogoutOptions) (LogoutResult, error) {
	c := credential{id: o.Session.Credential, store: o.Store}
	l := locker{dir: o.StateDir, id: c.id, waiting: o.Waiting}
	// Without the lock, a refresh in progress would store its rotated token afterwards.
	release, err := l.lock(ctx)
	if err != nil {
		return LogoutResult{}, err
	}
	defer release()
	var result LogoutResult
	if access, err := c.access(ctx); err == nil {
		result.AccessUntil = access.Expiry
	}
	result.NotRevoked = revokeStored(ctx, c, o)
	if auth.Interrupted(ctx) {
		return LogoutResult{}, ctx.Err()
	}
	if err := c.remove(ctx); err != nil {
		return result, err
	}
	// The file can be removed while the lock is held: the name is never used again, and a
	// process that waits for the lock finds nothing in the store.
	_ = os.Remove(l.lockPath())
	return result, stateFile{o.StateDir, c.id}.remove()
}

// revokeStored revokes the refresh token in the store, if there is one.
func revokeStored(ctx context.Context, c credential, o LogoutOptions) error {
	refresh, err := c.refresh(ctx)
	if auth.KindOf(err) == auth.NotSignedIn {
		return nil
	}
	if err != nil {
		return err
	}
	client, err := c.client(ctx, o.Session)
	if err != nil {
		return err
	}
	client.HTTP = o.HTTP
	return client.Revoke(ctx, refresh)
}
