package signin

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// source returns a source for a session, as a process has one.
func (p *fakeProvider) source(t *testing.T, session Session, store secret.Store, dir string) *Source {
	t.Helper()
	return NewSource(SourceOptions{Session: session, Store: store, StateDir: dir, Patience: 2 * time.Second})
}

func TestTokenFromTheStoreMakesNoRequest(t *testing.T) {
	t.Parallel()
	p, store := newFakeProvider(t), newMemory()
	session := p.session(t, store, time.Now().Add(30*time.Minute))
	got, err := p.source(t, session, store, t.TempDir()).Token(t.Context())
	if err != nil || got.Value.Reveal() != "access-0" {
		t.Errorf("token %q, %v", got.Value.Reveal(), err)
	}
	if n := p.count("/oauth2/token"); n != 0 {
		t.Errorf("%d exchanges, want none", n)
	}
}

// TestStoredOnlyNeverRefreshes: such a source gives out the token in the store while it is fresh, and then asks nobody.
func TestStoredOnlyNeverRefreshes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expiry time.Duration
		want   auth.Kind
	}{{time.Hour, ""}, {-time.Minute, auth.NotSignedIn}} {
		p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
		session := p.session(t, store, time.Now().Add(c.expiry))
		s := NewSource(SourceOptions{Session: session, Store: store, StateDir: dir, StoredOnly: true})
		token, err := s.Token(t.Context())
		if (err == nil) != (c.want == "") || err != nil && auth.KindOf(err) != c.want {
			t.Errorf("expiry in %s: error %v, want one of kind %q", c.expiry, err, c.want)
		}
		if err == nil {
			s.Invalidate(token) // the service refused it
			if _, err := s.Token(t.Context()); auth.KindOf(err) != auth.NotSignedIn {
				t.Errorf("a refused token: %v", err)
			}
		}
		if n := p.count("/oauth2/token"); n != 0 {
			t.Errorf("%d exchanges, want none", n)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("files in the state folder: %v, %v", left, err)
		}
	}
}

// TestRefreshOnceForMany has five sources, as in five processes, with twenty goroutines each that ask
// for a token that has expired. The provider accepts each refresh token once.
func TestRefreshOnceForMany(t *testing.T) {
	t.Parallel()
	p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
	p.with(func(p *fakeProvider) { p.rotate = true })
	session := p.session(t, store, time.Now().Add(-time.Minute))
	var all sync.WaitGroup
	for range 5 {
		s := p.source(t, session, store, dir)
		for range 20 {
			all.Go(func() {
				if got, err := s.Token(t.Context()); err != nil || got.Value.Reveal() != "access-1" {
					t.Errorf("token %q, %v", got.Value.Reveal(), err)
				}
			})
		}
	}
	all.Wait()
	if n := p.count("/oauth2/token"); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	want := []string{"set " + session.Credential + ".refresh", "set " + session.Credential + ".access"}
	if got := store.log[len(store.log)-2:]; !slices.Equal(got, want) {
		t.Errorf("last writes %q, want %q", got, want)
	}
}

func TestRefreshGoesOnAfterPassingFaults(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		conn.Close()
	}
	for name, faults := range map[string][]http.HandlerFunc{
		"503":                  {status(503)},
		"429":                  {status(429)},
		"429 with Retry-After": {status(429, "Retry-After: 1")},
		"502 twice":            {status(502), status(502)},
		"200 that is not JSON": {status(200)},
		"400 that is not JSON": {status(400)},
		"connection reset":     {hangUp},
		"redirected elsewhere": {status(307, "Location: http://127.0.0.1:1/")},
		"invalid_grant by 500": {func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 500, map[string]string{"error": "invalid_grant"})
		}},
		"token with a newline": {func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 200, map[string]string{"access_token": "a\nb"})
		}},
		"200 without any token": {func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, map[string]string{}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, store := newFakeProvider(t), newMemory()
			session := p.session(t, store, time.Now())
			p.with(func(p *fakeProvider) { p.faults = faults })
			got, err := p.source(t, session, store, t.TempDir()).Token(t.Context())
			if err != nil || !strings.HasPrefix(got.Value.Reveal(), "access-") {
				t.Errorf("token %q, %v", got.Value.Reveal(), err)
			}
			if want := len(faults) + 1; p.count("/oauth2/token") != want {
				t.Errorf("%d exchanges, want %d", p.count("/oauth2/token"), want)
			}
		})
	}
}

func TestRefreshKeepsTheSessionWhenTheProviderIsAway(t *testing.T) {
	t.Parallel()
	p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
	session := p.session(t, store, time.Now())
	p.Close()
	s := NewSource(SourceOptions{Session: session, Store: store, StateDir: dir, Patience: 300 * time.Millisecond})
	if _, err := s.Token(t.Context()); auth.KindOf(err) != auth.Unavailable {
		t.Errorf("err = %v (%s), want %s", err, auth.KindOf(err), auth.Unavailable)
	}
	status, err := StatusOf(t.Context(), session, store, dir)
	if err != nil || !status.SignedIn || status.State.Failure != auth.Unavailable {
		t.Errorf("status = %+v, %v; want signed in, last refresh unavailable", status, err)
	}
}

func TestRefreshEndsTheSessionOnInvalidGrantOnly(t *testing.T) {
	t.Parallel()
	p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
	session := p.session(t, store, time.Now())
	p.with(func(p *fakeProvider) { p.valid = map[string]bool{} })
	if _, err := p.source(t, session, store, dir).Token(t.Context()); auth.KindOf(err) != auth.SessionEnded {
		t.Errorf("err = %v, want %s", err, auth.SessionEnded)
	}
	if n := p.count("/oauth2/token"); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
	status, err := StatusOf(t.Context(), session, store, dir)
	if err != nil || status.SignedIn {
		t.Errorf("status = %+v, %v; want not signed in", status, err)
	}
}

// TestInvalidGrantReadsTheStoreAgain stores a newer refresh token while the old one is
// being refused.
func TestInvalidGrantReadsTheStoreAgain(t *testing.T) {
	t.Parallel()
	p, store := newFakeProvider(t), newMemory()
	session := p.session(t, store, time.Now())
	c := credential{id: session.Credential, store: store}
	p.with(func(p *fakeProvider) {
		p.faults = []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
			if err := c.setRefresh(context.Background(), auth.NewSecret(p.newRefresh())); err != nil {
				panic(err)
			}
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		}}
	})
	if _, err := p.source(t, session, store, t.TempDir()).Token(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNotSignedIn(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	s := p.source(t, Session{Provider: p.provider(), Credential: "none"}, newMemory(), t.TempDir())
	if _, err := s.Token(t.Context()); auth.KindOf(err) != auth.NotSignedIn {
		t.Errorf("err = %v, want %s", err, auth.NotSignedIn)
	}
}

// TestInterruptWaitsForTheRotatedToken presses Ctrl-C after the provider has rotated the token and
// before its answer arrives.
func TestInterruptWaitsForTheRotatedToken(t *testing.T) {
	t.Parallel()
	p, store := newFakeProvider(t), newMemory()
	p.with(func(p *fakeProvider) { p.rotate = true })
	session := p.session(t, store, time.Now())
	ctx, interrupt := context.WithCancel(t.Context())
	p.with(func(p *fakeProvider) {
		p.faults = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			interrupt()
			p.redeemRefresh(w, r)
		}}
	})
	_, err := p.source(t, session, store, t.TempDir()).Token(ctx)
	if err != nil && !errors.Is(err, context.Canceled) { // without an error, the answer came before the caller noticed Ctrl-C
		t.Errorf("err = %v, want canceled", err)
	}
	refresh, err := credential{id: session.Credential, store: store}.refresh(t.Context())
	if err != nil || !p.works(refresh) {
		t.Errorf("the rotated token is not in the store (%v)", err)
	}
}

func TestInterruptEndsTheWaitForTheLock(t *testing.T) {
	t.Parallel()
	p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
	session := p.session(t, store, time.Now())
	release, err := locker{dir: dir, id: session.Credential}.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, interrupt)
	if _, err := p.source(t, session, store, dir).Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
	late, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err = p.source(t, session, store, dir).Token(late)
	if auth.KindOf(err) != auth.Unavailable || !strings.Contains(err.Error(), "process ") {
		t.Errorf("err = %v, want %s naming the process", err, auth.Unavailable)
	}
	impatient := NewSource(SourceOptions{Session: session, Store: store, StateDir: dir, Patience: 50 * time.Millisecond})
	if _, err := impatient.Token(t.Context()); auth.KindOf(err) != auth.Unavailable {
		t.Errorf("err = %v, want %s when the patience ends", err, auth.Unavailable)
	}
	if n := p.count("/oauth2/token"); n != 0 {
		t.Errorf("%d exchanges, want none", n)
	}
}

func TestInvalidateRefreshesExactlyOnce(t *testing.T) {
	t.Parallel()
	p, store := newFakeProvider(t), newMemory()
	session := p.session(t, store, time.Now().Add(time.Hour))
	s := p.source(t, session, store, t.TempDir())
	first, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Invalidate(first) || !s.Invalidate(first) { //nolint:staticcheck // twice on purpose: two requests were refused
		t.Error("Invalidate says that the first refusal is not worth a refresh")
	}
	second, err := s.Token(t.Context())
	if err != nil || second.Value.Equal(first.Value) {
		t.Fatalf("second token is the first one, or %v", err)
	}
	if s.Invalidate(second) {
		t.Error("Invalidate would exchange a token again that was just got for a refused one")
	}
	if third, err := s.Token(t.Context()); err != nil || !third.Value.Equal(second.Value) {
		t.Errorf("third token differs from the second, or %v", err)
	}
	if n := p.count("/oauth2/token"); n != 1 {
		t.Errorf("%d exchanges, want 1", n)
	}
}

// TestInvalidateLaterRefreshesAgain: a token that replaced a refused one may be refused for its age,
// when it was in use for a while.
func TestInvalidateLaterRefreshesAgain(t *testing.T) {
	t.Parallel()
	p, store := newFakeProvider(t), newMemory()
	var passed atomic.Int64 // nanoseconds
	s := NewSource(SourceOptions{
		Session: p.session(t, store, time.Now().Add(time.Hour)), Store: store, StateDir: t.TempDir(), Patience: 10 * time.Second,
		Now: func() time.Time { return time.Now().Add(time.Duration(passed.Load())) },
	})
	for i := range 3 {
		token, err := s.Token(t.Context())
		passed.Add(int64(2 * time.Minute))
		if err != nil || !s.Invalidate(token) {
			t.Fatalf("token %d: its refusal is not worth a refresh, or %v", i, err)
		}
	}
	if n := p.count("/oauth2/token"); n != 2 {
		t.Errorf("%d exchanges, want 2", n)
	}
}

func TestClockWarningOnce(t *testing.T) {
	t.Parallel()
	p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
	p.with(func(p *fakeProvider) { p.clock = time.Hour })
	session := p.session(t, store, time.Now())
	warnings := 0
	for range 2 {
		s := NewSource(SourceOptions{Session: session, Store: store, StateDir: dir, ClockOff: func(off time.Duration) {
			warnings++
			if (off - time.Hour).Abs() > 5*time.Second {
				t.Errorf("clock off by %s, want an hour", off)
			}
		}})
		token, err := s.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(token.Expiry); left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s left by our clock, want an hour", left)
		}
		if err := s.cred.setAccess(t.Context(), oidc.Token{}); err != nil {
			t.Fatal(err)
		}
	}
	if warnings != 1 {
		t.Errorf("%d warnings, want 1", warnings)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	for _, online := range []bool{true, false} {
		p, store, dir := newFakeProvider(t), newMemory(), t.TempDir()
		until := time.Now().Add(time.Hour).Truncate(time.Second)
		session := p.session(t, store, until)
		if !online {
			p.Close()
		}
		bye, err := Logout(t.Context(), LogoutOptions{Session: session, Store: store, StateDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if (bye.NotRevoked == nil) != online || !bye.AccessUntil.Equal(until) {
			t.Errorf("online %v: farewell = %+v, want access until %s", online, bye, until)
		}
		if keys := store.keys(); len(keys) != 0 {
			t.Errorf("online %v: left in the store: %q", online, keys)
		}
		if online && p.working() != 0 {
			t.Error("the refresh token still works")
		}
	}
}
