// Package session keeps users signed in in their browsers. It knows nothing of HTTP: the web
// pages pass the value of a cookie in and set the one that they get.
//
// A session is a row in the metadata store. The row holds the refresh token of the sign-in
// provider, sealed with a key that only the cookie gives. When the access token is about to
// end, the request that notices it claims the row, exchanges the refresh token and stores
// what it got. Other requests, also those of other processes, wait for the result. A session
// ends when the provider refuses the refresh token that the row has, never because the
// provider cannot be reached.
package session

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
)

// Rows is what Manager needs of the metadata store.
type Rows interface {
	CreateSession(ctx context.Context, s store.Session, lifetime time.Duration) error
	Session(ctx context.Context, hash store.SessionHash, idle time.Duration) (store.Session, error)
	Sessions(ctx context.Context, owner string, idle time.Duration) ([]store.Session, error)
	NoteSessionUse(ctx context.Context, hash store.SessionHash) error
	ClaimSession(ctx context.Context, hash store.SessionHash, generation int64, lease time.Duration) (int64, error)
	RenewSession(ctx context.Context, s store.Session) error
	PauseSession(ctx context.Context, hash store.SessionHash, generation int64, pause time.Duration) error
	RefuseSession(ctx context.Context, hash store.SessionHash, generation int64) error
	EndSession(ctx context.Context, hash store.SessionHash) error
	EndSessions(ctx context.Context, owner, id string) (int, error)
	ExpiredSessions(ctx context.Context, idle time.Duration) error
}

// Provider exchanges and revokes refresh tokens. Its errors are those of oidc.Client.
type Provider interface {
	Refresh(ctx context.Context, refresh auth.Secret) (oidc.Tokens, oidc.Outcome, error)
	Revoke(ctx context.Context, refresh auth.Secret) error
}

// Limits of a session.
const (
	Idle     = 14 * 24 * time.Hour // without a request
	Lifetime = 90 * 24 * time.Hour // however much it is used
)

// Manager begins, finds, renews and ends sessions. All fields are required, except Now.
type Manager struct {
	Rows     Rows
	Provider Provider
	// Identify returns the caller that an access token stands for.
	Identify func(ctx context.Context, access string) (service.Caller, error)
	Log      *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Session is a signed-in user in one browser.
type Session struct {
	service.Caller
	ID    string // in the list of the user's sessions
	Name  string // may be empty
	Email string // may be empty
}

// Info is a session in the list of a user's sessions.
type Info struct {
	ID        string
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
}

// ErrNone is the error for a cookie that belongs to no session.
var ErrNone error = &photo.Error{Kind: photo.KindNotSignedIn, Msg: "you are not signed in", Hint: "sign in again"}

// SignIn is what a provider said about a user who has signed in.
type SignIn struct {
	Caller  service.Caller // of the access token
	Account oidc.Account   // of the ID token
	Tokens  oidc.Tokens
	Agent   string // what the browser calls itself
}

func (m *Manager) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

// Begin makes a session and returns the value of its cookie. Each sign-in gets a cookie of
// its own, whatever cookie the browser had before.
func (m *Manager) Begin(ctx context.Context, in SignIn) (cookie string, err error) {
	s := newSecret()
	row := store.Session{Hash: s.hash(), ID: rand.Text(), Owner: in.Caller.Owner, Agent: in.Agent}
	row.Sealed = s.seal(content{Refresh: in.Tokens.Refresh.Reveal(), Name: in.Account.Name, Email: in.Account.Email})
	setTimes(&row, in.Tokens)
	if err := m.Rows.CreateSession(ctx, row, Lifetime); err != nil {
		return "", err
	}
	return s.cookie(), nil
}

const (
	maxMargin = time.Minute // how long before its end an access token is exchanged
	share     = 5           // or this part of its lifetime, if that is less
)

// setTimes sets when the tokens should be exchanged, and when they end.
func setTimes(row *store.Session, t oidc.Tokens) {
	lifetime := t.Access.Expiry.Sub(t.Access.Obtained)
	row.AccessUntil = t.Access.Expiry
	row.RefreshAt = t.Access.Expiry.Add(-min(maxMargin, lifetime/share))
}

// Find returns the session of a cookie, with an access token that has not ended at the
// provider. The error is ErrNone when there is no session, of photo.KindForbidden when the
// account is disabled, and of photo.KindUnavailable when the access token has ended and the
// provider cannot be asked for another one: the session goes on then.
func (m *Manager) Find(ctx context.Context, cookie string) (Session, error) {
	s, ok := parseSecret(cookie)
	if !ok {
		return Session{}, ErrNone
	}
	row, err := m.row(ctx, s)
	if err != nil {
		return Session{}, err
	}
	if !m.now().Before(row.RefreshAt) {
		if row, err = m.renewed(ctx, s, row); err != nil {
			return Session{}, err
		}
	}
	return m.opened(ctx, s, row)
}

// row finds the row of a session.
func (m *Manager) row(ctx context.Context, s secret) (store.Session, error) {
	row, err := m.Rows.Session(ctx, s.hash(), Idle)
	switch {
	case photo.KindOf(err) == photo.KindNotFound:
		return row, ErrNone
	case err != nil:
		return row, err
	case row.Disabled:
		return row, &photo.Error{Kind: photo.KindForbidden, Msg: "this account is disabled", Hint: "the service's operator can enable it"}
	}
	return row, nil
}

// opened returns the session of a row. A failure to note its use is not one of the session.
func (m *Manager) opened(ctx context.Context, s secret, row store.Session) (Session, error) {
	c, err := s.open(row.Sealed)
	if err != nil {
		return Session{}, err
	}
	if err := m.noteUse(ctx, row); err != nil {
		m.Log.WarnContext(ctx, "the use of a session could not be noted", "err", err)
	}
	return Session{
		Caller: service.Caller{Owner: row.Owner, Identity: service.Identity{Pool: row.Pool, Subject: row.Subject, Expires: row.AccessUntil}},
		ID:     row.ID, Name: c.Name, Email: c.Email,
	}, nil
}

func (m *Manager) noteUse(ctx context.Context, row store.Session) error {
	const every = 5 * time.Minute
	if time.Since(row.SeenAt) < every {
		return nil
	}
	return m.Rows.NoteSessionUse(ctx, row.Hash)
}

// End removes the session of a cookie, if there is one, and revokes its refresh token. The
// session is over even if the provider cannot be reached.
func (m *Manager) End(ctx context.Context, cookie string) error {
	s, ok := parseSecret(cookie)
	if !ok {
		return nil
	}
	row, err := m.Rows.Session(ctx, s.hash(), Lifetime)
	if photo.KindOf(err) == photo.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.Rows.EndSession(ctx, row.Hash); err != nil {
		return err
	}
	if c, err := s.open(row.Sealed); err == nil {
		m.revoke(ctx, c.Refresh)
	}
	return nil
}

// revokeTime is how long a sign-out waits for the provider.
const revokeTime = 3 * time.Second

func (m *Manager) revoke(ctx context.Context, refresh string) {
	if refresh == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTime)
	defer cancel()
	if err := m.Provider.Revoke(ctx, auth.NewSecret(refresh)); err != nil {
		m.Log.WarnContext(ctx, "a refresh token could not be revoked", "err", err)
	}
}

// List returns the sessions of the caller's owner, the last used first.
func (m *Manager) List(ctx context.Context, by service.Caller) ([]Info, error) {
	rows, err := m.Rows.Sessions(ctx, by.Owner, Idle)
	list := make([]Info, len(rows))
	for i, r := range rows {
		list[i] = Info{ID: r.ID, Agent: r.Agent, CreatedAt: r.CreatedAt, SeenAt: r.SeenAt}
	}
	return list, err
}

// EndListed removes one session of the caller's owner, or with the ID "" all of them. The
// refresh tokens of other browsers can be read by nobody then, so they are not revoked.
func (m *Manager) EndListed(ctx context.Context, by service.Caller, id string) error {
	_, err := m.Rows.EndSessions(ctx, by.Owner, id)
	return err
}

// Run removes sessions that have ended, after a minute and then every hour, until ctx ends.
func (m *Manager) Run(ctx context.Context) {
	for pause := time.Minute; ; pause = time.Hour {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if err := m.Rows.ExpiredSessions(ctx, Idle); err != nil && ctx.Err() == nil {
			m.Log.WarnContext(ctx, "sessions that have ended could not be removed", "err", err)
		}
	}
}

// isConflict reports whether another request has taken the session over.
func isConflict(err error) bool { return photo.KindOf(err) == photo.KindConflict }

// isRefused reports whether the provider does not accept a refresh token.
func isRefused(err error) bool { return errors.Is(err, oidc.ErrInvalidGrant) }
