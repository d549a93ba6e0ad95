package auth

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// An exchange whose answer got lost is repeated within the limit, which lies inside the
// grace that rotation is configured with.
const (
	lostAnswerLimit = 5 * time.Second
	lostAnswerPause = 250 * time.Millisecond
)

// refresh is the flight: it returns the token in the store if that will do, and
// otherwise gets a new one under the lock.
func (s *Source) refresh(ctx context.Context) (Token, error) {
	if t, err := s.cred.access(ctx); err != nil || s.isUsable(t) {
		return t, err
	}
	release, err := s.lock(ctx)
	if err != nil {
		return Token{}, err
	}
	defer release()
	t, err := s.cred.access(ctx)
	if err != nil || s.isUsable(t) {
		return t, err
	}
	return s.renew(ctx)
}

func (s *Source) isUsable(t Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usable(t)
}

// lock waits for the credential's lock for as long as the caller has patience: the
// holder may be a process that hangs.
func (s *Source) lock(ctx context.Context) (release func(), err error) {
	limited, cancel := context.WithTimeout(ctx, s.opts.Patience)
	defer cancel()
	return locker{dir: s.opts.StateDir, id: s.cred.id, waiting: s.opts.Waiting}.lock(limited)
}

// renew exchanges the refresh token under the lock and notes what came of it.
func (s *Source) renew(ctx context.Context) (Token, error) {
	e := endpoint{provider: s.opts.Session.Provider, clientID: s.opts.Session.ClientID, rt: s.opts.HTTP, now: s.opts.Now}
	if s.opts.Session.Confidential {
		secret, err := s.cred.clientSecret(ctx)
		if err != nil {
			return Token{}, err
		}
		e.secret = secret
	}
	refresh, err := s.cred.refresh(ctx)
	if err != nil {
		return Token{}, err
	}
	g, err := s.exchange(ctx, e, refresh)
	if errors.Is(err, errInvalidGrant) {
		g, err = s.secondChance(ctx, e, refresh, err)
	}
	if err != nil {
		s.note(State{RefreshedAt: s.opts.Now(), Failure: KindOf(err)})
		return Token{}, err
	}
	s.note(State{RefreshedAt: g.access.Obtained, AccessUntil: g.access.Expiry, ClockOff: g.skew})
	return g.access, nil
}

// secondChance looks whether somebody stored a newer refresh token than the one the
// provider refused. Only if not is the session over.
func (s *Source) secondChance(ctx context.Context, e endpoint, refused Secret, refusal error) (grant, error) {
	newer, err := s.cred.refresh(ctx)
	if err != nil {
		return grant{}, err
	}
	if !newer.Equal(refused) {
		return s.exchange(ctx, e, newer)
	}
	return grant{}, &Error{Kind: SessionEnded, Msg: "the session has ended", Err: refusal, Hint: "photos login"}
}

// exchange gets new tokens and stores them, retrying what may pass for as long as the
// caller has patience.
func (s *Source) exchange(ctx context.Context, e endpoint, refresh Secret) (grant, error) {
	pauses := &backoff.ExponentialBackOff{InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 10 * time.Second}
	var last error
	g, err := backoff.Retry(ctx, func() (grant, error) {
		var g grant
		var pause time.Duration
		g, pause, last = s.exchangeOnce(ctx, e, refresh)
		switch {
		case last == nil:
			return g, nil
		case KindOf(last) != Unavailable:
			return grant{}, backoff.Permanent(last)
		case pause > 0:
			return grant{}, &backoff.RetryAfterError{Duration: pause}
		}
		return grant{}, last
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(s.opts.Patience))
	if err != nil {
		return grant{}, last
	}
	return g, nil
}

// exchangeOnce asks the provider, deaf to ctx from the first byte sent until a rotated
// token is stored. An exchange whose answer got lost is repeated at once: the provider
// may have rotated the token, and honours the old one for its grace only. The pause is
// what the provider asks for before another try; 0: nothing.
func (s *Source) exchangeOnce(ctx context.Context, e endpoint, refresh Secret) (grant, time.Duration, error) {
	deaf := context.WithoutCancel(ctx)
	for began := s.opts.Now(); ; {
		g, a, err := e.redeemRefresh(deaf, refresh)
		if err == nil {
			return g, 0, s.keep(deaf, g, refresh)
		}
		again := KindOf(err) == Unavailable && a.mayHaveHappened() && s.opts.Now().Sub(began) < lostAnswerLimit-lostAnswerPause
		if !again {
			return grant{}, a.retryAfter, err
		}
		time.Sleep(lostAnswerPause)
	}
}

// keep stores a rotated refresh token, then the access token.
func (s *Source) keep(ctx context.Context, g grant, used Secret) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	if !g.refresh.IsZero() && !g.refresh.Equal(used) {
		if err := s.cred.setRefresh(ctx, g.refresh); err != nil {
			return &Error{Kind: Keyring, Msg: "storing the new refresh token", Err: err,
				Hint: "if the next command says that the session has ended: photos login"}
		}
	}
	// An access token that cannot be kept is still good for this process; the next will
	// get its own.
	_ = s.cred.setAccess(ctx, g.access)
	return nil
}

// note remembers the outcome for status, and tells of a wrong clock once. A state that
// cannot be written is no reason to withhold a token.
func (s *Source) note(now State) {
	file := stateFile{s.opts.StateDir, s.cred.id}
	before := file.read()
	if now.Failure != "" {
		now.AccessUntil, now.ClockOff = before.AccessUntil, before.ClockOff
	}
	if worthTelling(now.ClockOff, before.ClockOff) && s.opts.ClockOff != nil {
		s.opts.ClockOff(now.ClockOff)
	}
	_ = file.write(now)
}
