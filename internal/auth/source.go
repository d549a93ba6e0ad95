package auth

import (
	"context"
	"net/http"
	"sync"
	"time"
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
	Patience time.Duration // how long passing failures and another process are waited for; 0: 30 s
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
	rejectionPeriod = time.Minute // a fresh token refused this early is not the token's fault
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
// or ctx's own.
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
		f.cancel(context.Cause(ctx))
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
