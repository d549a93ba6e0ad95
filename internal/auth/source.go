package auth

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Source hands out access tokens of one session and refreshes them when they are about
// to end. Any number of goroutines and processes may ask at once; at most one of them
// at a time asks the provider.
//
// The order of a refresh keeps a rotated refresh token from getting lost: one flight
// per process, one lock per credential, read the store again, exchange, store the new
// refresh token, and only then use the access token. What has been sent is always seen
// through: only waiting can be cancelled.
type Source struct {
	opts SourceOptions
	cred credential

	mu       sync.Mutex
	current  Token   // the last token handed out
	rejected Secret  // the last one a service answered 401 to
	flight   *flight // the refresh under way, if any
}

// SourceOptions are what a [Source] needs.
type SourceOptions struct {
	Session  Session
	Store    Store
	StateDir string        // for lock and state; made when missing
	Patience time.Duration // how long passing failures are retried; 0: 30 s
	// Waiting is called when another process has been refreshing for 2 s. May be nil.
	Waiting func(pid int)
	// ClockOff is called once when the provider's clock turns out to be off ahead of
	// this machine's by more than a minute. May be nil.
	ClockOff func(off time.Duration)

	HTTP http.RoundTripper // nil: http.DefaultTransport
	Now  func() time.Time  // nil: time.Now
}

const (
	defaultPatience = 30 * time.Second
	lostAnswerLimit = 5 * time.Second        // an exchange whose answer got lost is repeated within this, inside the grace of a rotation
	lostAnswerPause = 250 * time.Millisecond // before such a repetition
	rejectionPeriod = time.Minute            // a fresh token refused this early is not the token's fault
)

// flight is one refresh that several callers wait for.
type flight struct {
	cancel  context.CancelCauseFunc
	waiters int // guarded by Source.mu
	done    chan struct{}
	token   Token // valid after done
	err     error
}

// NewSource returns the source; nothing is read yet.
func NewSource(o SourceOptions) *Source {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Source{opts: o, cred: credential{id: o.Session.Credential, store: o.Store}}
}

// Token returns an access token that is good for a while. Errors are of kind
// NotSignedIn, SessionEnded, Unavailable (nothing is lost), Keyring or Misconfigured,
// or the cause of a cancelled ctx.
func (s *Source) Token(ctx context.Context) (Token, error) {
	s.mu.Lock()
	if s.usable(s.current) {
		defer s.mu.Unlock()
		return s.current, nil
	}
	f := s.join(ctx)
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return s.leave(ctx, f)
	}
}

// join enters the flight under way, or starts one. The caller holds s.mu.
func (s *Source) join(ctx context.Context) *flight {
	if s.flight != nil {
		s.flight.waiters++
		return s.flight
	}
	flying, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &flight{cancel: cancel, waiters: 1, done: make(chan struct{})}
	s.flight = f
	go func() {
		defer cancel(nil)
		f.token, f.err = s.refresh(flying)
		s.mu.Lock()
		if f.err == nil {
			s.current = f.token
		}
		if s.flight == f {
			s.flight = nil
		}
		s.mu.Unlock()
		close(f.done)
	}()
	return f
}

// leave gives up waiting. The last one to leave calls the flight off, and waits for it
// to land: at once if it is only waiting itself, after the new token is stored if not.
func (s *Source) leave(ctx context.Context, f *flight) (Token, error) {
	s.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last && s.flight == f {
		s.flight = nil
	}
	s.mu.Unlock()
	if last {
		f.cancel(ctx.Err())
		<-f.done
	}
	switch {
	case interrupted(ctx):
		return Token{}, ctx.Err()
	case last:
		return f.token, f.err
	}
	return Token{}, &Error{Kind: Unavailable, Msg: "no access token in time", Err: ctx.Err(), Hint: "try again"}
}

// usable reports whether t may be handed out: fresh, and not refused by a service.
func (s *Source) usable(t Token) bool {
	return t.fresh(s.opts.Now()) && !t.Value.Equal(s.rejected)
}

// Invalidate says that a service answered 401 to t. It reports whether asking for a
// token again is worth while: not if t was itself got in place of a refused one just
// now, because then the fault is not the token's age.
func (s *Source) Invalidate(t Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.Value.Equal(s.current.Value) {
		return true // replaced already
	}
	substitute := !s.rejected.IsZero() && !s.rejected.Equal(t.Value)
	if substitute && s.opts.Now().Sub(t.Obtained) < rejectionPeriod {
		return false
	}
	s.rejected = t.Value
	return true
}

// refresh is the flight: it returns the token in the store if that will do, and
// otherwise gets a new one under the lock.
func (s *Source) refresh(ctx context.Context) (Token, error) {
	if t, err := s.cred.access(ctx); err != nil || s.isUsable(t) {
		return t, err
	}
	release, err := locker{dir: s.opts.StateDir, id: s.cred.id, waiting: s.opts.Waiting}.lock(ctx)
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
