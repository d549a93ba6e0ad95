package signin

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

const (
	// A request whose answer was lost is repeated within this time. It is shorter than the
	// grace period of 10 s or more that rotation should have.
	lostAnswerLimit = 5 * time.Second
	lostAnswerPause = 250 * time.Millisecond

	storeLimit = 30 * time.Second // for writing a rotated token, which must not be lost
)

// refresh returns the access token in the store if it is usable. Otherwise it takes the
// lock, reads the store again and, if necessary, obtains a new token.
func (s *Source) refresh(ctx context.Context) (oidc.Token, error) {
	if t, err := s.cred.access(ctx); err != nil || s.isUsable(t) {
		return t, err
	}
	if s.opts.StoredOnly {
		return oidc.Token{}, notSignedIn()
	}
	release, err := s.lock(ctx)
	if err != nil {
		return oidc.Token{}, err
	}
	defer release()
	t, err := s.cred.access(ctx)
	if err != nil || s.isUsable(t) {
		return t, err
	}
	return s.renew(ctx)
}

func (s *Source) isUsable(t oidc.Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usable(t)
}

// lock waits for the credential's lock, at most for Patience, because the process that
// holds it may hang.
func (s *Source) lock(ctx context.Context) (release func(), err error) {
	limited, cancel := context.WithTimeout(ctx, s.opts.Patience)
	defer cancel()
	return locker{dir: s.opts.StateDir, id: s.cred.id, waiting: s.opts.Waiting}.lock(limited)
}

// renew exchanges the refresh token and records the result. The caller holds the lock.
func (s *Source) renew(ctx context.Context) (oidc.Token, error) {
	client, err := s.cred.client(ctx, s.opts.Session)
	if err != nil {
		return oidc.Token{}, err
	}
	client.HTTP, client.Now = s.opts.HTTP, s.opts.Now
	refresh, err := s.cred.refresh(ctx)
	if err != nil {
		return oidc.Token{}, err
	}
	tokens, err := s.exchange(ctx, client, refresh)
	if errors.Is(err, oidc.ErrInvalidGrant) {
		tokens, err = s.exchangeNewer(ctx, client, refresh, err)
	}
	if err != nil {
		s.record(State{RefreshedAt: s.opts.Now(), Failure: auth.KindOf(err)})
		return oidc.Token{}, err
	}
	s.record(State{RefreshedAt: tokens.Access.Obtained, AccessUntil: tokens.Access.Expiry, ClockOff: tokens.ClockOff})
	return tokens.Access, nil
}

// exchangeNewer is called after the provider has refused a refresh token. It exchanges
// the one in the store if that is another one by now. Otherwise the session has ended.
func (s *Source) exchangeNewer(ctx context.Context, client oidc.Client, refused auth.Secret, refusal error) (oidc.Tokens, error) {
	newer, err := s.cred.refresh(ctx)
	if err != nil {
		return oidc.Tokens{}, err
	}
	if !newer.Equal(refused) {
		return s.exchange(ctx, client, newer)
	}
	return oidc.Tokens{}, &auth.Error{Kind: auth.SessionEnded, Msg: "the session has ended", Err: refusal, Hint: "photos login"}
}

// exchange obtains new tokens and stores them. It retries failures that may pass, at most
// for Patience.
func (s *Source) exchange(ctx context.Context, client oidc.Client, refresh auth.Secret) (oidc.Tokens, error) {
	pauses := &backoff.ExponentialBackOff{InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 10 * time.Second}
	var last error
	tokens, err := backoff.Retry(ctx, func() (oidc.Tokens, error) {
		var tokens oidc.Tokens
		var pause time.Duration
		tokens, pause, last = s.exchangeOnce(ctx, client, refresh)
		switch {
		case last == nil:
			return tokens, nil
		case auth.KindOf(last) != auth.Unavailable:
			return oidc.Tokens{}, backoff.Permanent(last)
		case pause > 0:
			return oidc.Tokens{}, &backoff.RetryAfterError{Duration: pause}
		}
		return oidc.Tokens{}, last
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(s.opts.Patience))
	if err != nil {
		return oidc.Tokens{}, last
	}
	return tokens, nil
}

// exchangeOnce makes one exchange and stores the tokens. Once the request is sent,
// cancelling ctx has no effect until the tokens are stored. If the answer was lost, it
// repeats the request soon: the provider may have rotated the token, and accepts the old
// one only during the grace period. It returns the pause that the provider asks for
// before the next try, or 0.
func (s *Source) exchangeOnce(ctx context.Context, client oidc.Client, refresh auth.Secret) (oidc.Tokens, time.Duration, error) {
	ctx = context.WithoutCancel(ctx)
	for began := s.opts.Now(); ; {
		tokens, outcome, err := client.Refresh(ctx, refresh)
		if err == nil {
			return tokens, 0, s.store(ctx, tokens, refresh)
		}
		lost := auth.KindOf(err) == auth.Unavailable && outcome.MayHaveHappened
		if !lost || s.opts.Now().Sub(began) >= lostAnswerLimit-lostAnswerPause {
			return oidc.Tokens{}, outcome.RetryAfter, err
		}
		time.Sleep(lostAnswerPause)
	}
}

// store writes a rotated refresh token, then the access token. used is the refresh token
// that was exchanged.
func (s *Source) store(ctx context.Context, tokens oidc.Tokens, used auth.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	if !tokens.Refresh.IsZero() && !tokens.Refresh.Equal(used) {
		if err := s.cred.setRefresh(ctx, tokens.Refresh); err != nil {
			return &auth.Error{Kind: auth.Keyring, Msg: "storing the new refresh token", Err: err,
				Hint: "if the next command says that the session has ended: photos login"}
		}
	}
	// If the access token cannot be stored, this process can still use it, and the next
	// one obtains another.
	_ = s.cred.setAccess(ctx, tokens.Access)
	return nil
}

// record writes the result of a refresh for StatusOf, and warns once of a wrong clock. A
// failure to write it is ignored, because the token is good.
func (s *Source) record(now State) {
	file := stateFile{s.opts.StateDir, s.cred.id}
	before := file.read()
	if now.Failure != "" {
		now.AccessUntil, now.ClockOff = before.AccessUntil, before.ClockOff
	}
	if shouldWarn(now.ClockOff, before.ClockOff) && s.opts.ClockOff != nil {
		s.opts.ClockOff(now.ClockOff)
	}
	_ = file.write(now)
}
