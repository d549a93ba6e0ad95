package signin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// Source gives the access tokens of one session and refreshes them before they expire.
// Any number of goroutines and processes may use a session at the same time. At most one
// of them asks the provider.
//
// A refresh takes these steps, so that no rotated refresh token is lost: one goroutine
// per process takes the session's lock, reads the store again, exchanges the refresh
// token, stores the new one, and only then uses the access token. The caller can cancel
// only the waiting. Once the request is sent, the refresh goes on until the new token is
// stored.
type Source struct {
	opts SourceOptions
	cred credential

	mu       sync.Mutex
	current  oidc.Token     // the last token that was given out
	rejected auth.Secret    // the last token to which a service answered 401
	running  *sharedRefresh // the refresh in progress, or nil
}

// SourceOptions are the settings of a [Source].
type SourceOptions struct {
	Session  Session
	Store    secret.Store
	StateDir string        // for lock and state; created if it does not exist
	Patience time.Duration // how long to retry, and to wait for another process; 0: 30 s
	// Waiting is called when another process has been refreshing for 2 s. pid is 0 if it
	// is not known. Waiting may be nil.
	Waiting func(pid int)
	// ClockOff is called once when the provider's clock is ahead of this machine's by off,
	// which is more than a minute or less than minus a minute. It may be nil.
	ClockOff func(off time.Duration)

	// StoredOnly makes the source give out the token in the store while it is fresh, and nothing
	// else: it takes no lock, and does not ask the provider.
	StoredOnly bool

	HTTP http.RoundTripper // nil: http.DefaultTransport
	Now  func() time.Time  // nil: time.Now
}

const (
	defaultPatience = 30 * time.Second
	rejectionPeriod = time.Minute // a token that is rejected this soon was not rejected for its age
)

// sharedRefresh is one refresh that several callers wait for.
type sharedRefresh struct {
	cancel  context.CancelCauseFunc
	waiters int // guarded by Source.mu
	done    chan struct{}
	token   oidc.Token // valid after done is closed
	err     error
}

// NewSource returns a source. It does not read the store yet.
func NewSource(o SourceOptions) *Source {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Source{opts: o, cred: credential{id: o.Session.Credential, store: o.Store}}
}

// Token returns an access token that is valid for a while. Errors are of kind
// NotSignedIn, SessionEnded, Unavailable (the session is still there), Keyring or
// Misconfigured, or context.Canceled.
func (s *Source) Token(ctx context.Context) (oidc.Token, error) {
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

// join waits for the refresh in progress together with others, or starts one. The caller
// holds s.mu.
func (s *Source) join(ctx context.Context) *sharedRefresh {
	if s.running != nil {
		s.running.waiters++
		return s.running
	}
	refreshing, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &sharedRefresh{cancel: cancel, waiters: 1, done: make(chan struct{})}
	s.running = f
	go func() {
		defer cancel(nil)
		f.token, f.err = s.refresh(refreshing)
		s.mu.Lock()
		if f.err == nil {
			s.current = f.token
		}
		if s.running == f {
			s.running = nil
		}
		s.mu.Unlock()
		close(f.done)
	}()
	return f
}

// leave stops waiting for f. The last caller to leave cancels the refresh and waits for
// its end: it ends at once if no request was sent, and otherwise after the new token is
// stored.
func (s *Source) leave(ctx context.Context, f *sharedRefresh) (oidc.Token, error) {
	s.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last && s.running == f {
		s.running = nil
	}
	s.mu.Unlock()
	if last {
		f.cancel(context.Cause(ctx))
		<-f.done
	}
	switch {
	case auth.Interrupted(ctx):
		return oidc.Token{}, ctx.Err()
	case last:
		return f.token, f.err
	}
	return oidc.Token{}, &auth.Error{Kind: auth.Unavailable, Msg: "no access token in time", Err: ctx.Err(), Hint: "try again"}
}

// usable reports whether t may be given out: it is fresh, and no service rejected it.
func (s *Source) usable(t oidc.Token) bool {
	return t.Fresh(s.opts.Now()) && !t.Value.Equal(s.rejected)
}

// Invalidate records that a service answered 401 to t. It reports whether it makes sense
// to ask for a token again. It does not if t itself replaced a rejected token less than a
// minute ago, because t was not rejected for its age then.
func (s *Source) Invalidate(t oidc.Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.Value.Equal(s.current.Value) {
		return true // t was replaced already
	}
	replacement := !s.rejected.IsZero() && !s.rejected.Equal(t.Value)
	if replacement && s.opts.Now().Sub(t.Obtained) < rejectionPeriod {
		return false
	}
	s.rejected = t.Value
	return true
}
