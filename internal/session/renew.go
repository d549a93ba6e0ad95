package session

import (
	"context"
	"fmt"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/photo"
	"photos/internal/store"
)

const (
	// exchangeTime is for one request to the provider. There are at most two, so that a
	// claim outlives its exchange.
	exchangeTime = 10 * time.Second
	lease        = 3 * exchangeTime
	waitEvery    = 50 * time.Millisecond
	pauseTime    = 3 * time.Second  // after an exchange that failed
	maxPause     = 30 * time.Second // of what a provider asks for
)

// renewed returns the row with an access token that has not ended: one that this call or
// another request gets by an exchange.
func (m *Manager) renewed(ctx context.Context, s secret, row store.Session) (store.Session, error) {
	for {
		switch {
		case m.now().Before(row.RefreshAt):
			return row, nil
		case row.Paused && m.now().Before(row.AccessUntil): // the provider is away, and the token is still good
			return row, nil
		case row.Paused:
			return row, unavailable(nil)
		case !row.Claimed:
			generation, err := m.Rows.ClaimSession(ctx, row.Hash, row.Generation, lease)
			if err == nil {
				row.Generation = generation
				return m.exchanged(ctx, s, row)
			}
			if !isConflict(err) {
				return row, err
			}
		}
		if err := sleep(ctx, waitEvery); err != nil {
			return row, err
		}
		var err error
		if row, err = m.row(ctx, s); err != nil {
			return row, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func unavailable(err error) error {
	return &photo.Error{
		Kind: photo.KindUnavailable, Msg: "the sign-in service does not answer", Hint: "you are still signed in: try again in a moment", Err: err,
	}
}

// exchanged exchanges the refresh token of a row that this call has claimed, and stores what
// it gets. A browser that has left does not stop it: a rotated refresh token would be lost.
func (m *Manager) exchanged(ctx context.Context, s secret, row store.Session) (store.Session, error) {
	ctx = context.WithoutCancel(ctx)
	c, err := s.open(row.Sealed)
	if err != nil {
		return row, err
	}
	tokens, outcome, err := m.exchange(ctx, c.Refresh)
	switch {
	case isRefused(err):
		return m.refused(ctx, s, row)
	case err != nil:
		return m.postponed(ctx, row, outcome, err)
	}
	if !tokens.Refresh.IsZero() { // rotation
		c.Refresh = tokens.Refresh.Reveal()
		row.Sealed = s.seal(c)
	}
	by, unverified := m.Identify(ctx, tokens.Access.Value.Reveal())
	switch {
	case unverified == nil && by.Owner == row.Owner:
		setTimes(&row, tokens)
	case unverified == nil || photo.KindOf(unverified) == photo.KindNotSignedIn:
		return m.wrongUser(ctx, row, unverified)
	}
	if err := m.Rows.RenewSession(ctx, row); err != nil { // also when the token cannot be checked now: it may have replaced the former one
		return m.overtaken(ctx, s, c.Refresh, err)
	}
	return row, unverified
}

// exchange asks the provider for new tokens. If the answer was lost it asks once more: while
// a rotated refresh token is in its grace period, the provider accepts it again.
func (m *Manager) exchange(ctx context.Context, refresh string) (oidc.Tokens, oidc.Outcome, error) {
	if refresh == "" {
		return oidc.Tokens{}, oidc.Outcome{}, oidc.ErrInvalidGrant
	}
	ask := func() (oidc.Tokens, oidc.Outcome, error) {
		timed, cancel := context.WithTimeout(ctx, exchangeTime)
		defer cancel()
		return m.Provider.Refresh(timed, auth.NewSecret(refresh))
	}
	tokens, outcome, err := ask()
	if err != nil && !isRefused(err) && outcome.MayHaveHappened {
		return ask()
	}
	return tokens, outcome, err
}

// refused ends a session whose refresh token the provider refuses, unless another request
// has claimed it meanwhile: then its result counts.
func (m *Manager) refused(ctx context.Context, s secret, row store.Session) (store.Session, error) {
	err := m.Rows.RefuseSession(ctx, row.Hash, row.Generation)
	switch {
	case err == nil:
		return row, ErrNone
	case !isConflict(err):
		return row, err
	}
	if row, err = m.row(ctx, s); err != nil {
		return row, err
	}
	return m.renewed(ctx, s, row)
}

// postponed gives the claim back, so that the next request tries again after a pause.
func (m *Manager) postponed(ctx context.Context, row store.Session, outcome oidc.Outcome, cause error) (store.Session, error) {
	pause := min(max(pauseTime, outcome.RetryAfter), maxPause)
	if err := m.Rows.PauseSession(ctx, row.Hash, row.Generation, pause); err != nil {
		return row, err
	}
	m.Log.WarnContext(ctx, "a session could not be renewed", "err", cause)
	if m.now().Before(row.AccessUntil) {
		return row, nil
	}
	return row, unavailable(cause)
}

// wrongUser ends a session that the provider renewed with a token that is not the user's.
func (m *Manager) wrongUser(ctx context.Context, row store.Session, err error) (store.Session, error) {
	m.Log.ErrorContext(ctx, "the provider renewed a session with the token of another user or service; the session ends", "owner", row.Owner, "err", err)
	if err := m.Rows.RefuseSession(ctx, row.Hash, row.Generation); err != nil && !isConflict(err) {
		return row, err
	}
	return row, ErrNone
}

// overtaken handles an exchange whose result has no row any more: the user has signed out,
// or the claim has ended. A refresh token without a row is revoked.
func (m *Manager) overtaken(ctx context.Context, s secret, refresh string, err error) (store.Session, error) {
	if !isConflict(err) {
		return store.Session{}, fmt.Errorf("store a renewed session: %w", err)
	}
	row, err := m.row(ctx, s)
	if err != nil {
		m.revoke(ctx, refresh)
		return row, err
	}
	return m.renewed(ctx, s, row)
}
