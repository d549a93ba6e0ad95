package session_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
	"photos/internal/store/sqldb"
)

// provider answers exchanges as a test says.
type provider struct {
	mu       sync.Mutex
	exchange func(refresh string) (oidc.Tokens, error)
	revoked  []string
}

func (p *provider) Refresh(_ context.Context, refresh auth.Secret) (oidc.Tokens, oidc.Outcome, error) {
	tokens, err := p.exchange(refresh.Reveal())
	return tokens, oidc.Outcome{}, err
}

func (p *provider) Revoke(_ context.Context, refresh auth.Secret) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, refresh.Reveal())
	return nil
}

// tokens are of a user whose access token is the name of the owner.
func tokens(owner, refresh string, now time.Time) oidc.Tokens {
	return oidc.Tokens{
		Access:  oidc.Token{Value: auth.NewSecret(owner), Obtained: now, Expiry: now.Add(time.Hour)},
		Refresh: auth.NewSecret(refresh),
	}
}

// world is a manager over a real database.
type world struct {
	*session.Manager
	db       *sqldb.DB
	provider *provider
	owner    string
	cookie   string
	now      time.Time
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqldb.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "photos.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	w := &world{db: db, provider: &provider{}, now: time.Now()}
	w.owner, err = db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	w.Manager = &session.Manager{
		Rows: db, Provider: w.provider, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
		Identify: func(_ context.Context, access string) (service.Caller, error) {
			switch access {
			case "unverifiable":
				return service.Caller{}, &photo.Error{Kind: photo.KindUnavailable, Msg: "no keys"}
			case "forged":
				return service.Caller{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "forged"}
			}
			return service.Caller{Owner: access}, nil
		},
	}
	w.cookie, err = w.Begin(t.Context(), session.SignIn{Caller: service.Caller{Owner: w.owner}, Account: oidc.Account{Name: "Ada"}, Tokens: tokens(w.owner, "first", w.now)})
	must(t, err)
	return w
}

// A token of another user, or one that is not valid, ends the session instead of becoming
// part of it.
func TestRenewedForAnotherUser(t *testing.T) {
	t.Parallel()
	for _, access := range []string{"bob's owner", "forged"} {
		w := newWorld(t)
		w.now = w.now.Add(2 * time.Hour)
		w.provider.exchange = func(string) (oidc.Tokens, error) { return tokens(access, "second", w.now), nil }
		if _, err := w.Find(t.Context(), w.cookie); !errors.Is(err, session.ErrNone) {
			t.Errorf("%s: %v", access, err)
		}
		w.provider.exchange = nil
		if _, err := w.Find(t.Context(), w.cookie); !errors.Is(err, session.ErrNone) {
			t.Errorf("%s: the session goes on: %v", access, err)
		}
	}
}

// A rotated refresh token is kept even if the access token that came with it cannot be
// checked at the moment.
func TestRotatedTokenIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(2 * time.Hour)
	var used []string
	w.provider.exchange = func(refresh string) (oidc.Tokens, error) {
		used = append(used, refresh)
		if refresh == "first" {
			return tokens("unverifiable", "second", w.now), nil
		}
		return tokens(w.owner, "third", w.now), nil
	}
	if _, err := w.Find(t.Context(), w.cookie); photo.KindOf(err) != photo.KindUnavailable {
		t.Errorf("a token that cannot be checked: %v", err)
	}
	if s, err := w.Find(t.Context(), w.cookie); err != nil || s.Name != "Ada" || s.Owner != w.owner {
		t.Errorf("%+v, %v", s, err)
	}
	if len(used) != 2 || used[1] != "second" {
		t.Errorf("used %q", used)
	}
}

// A user who signs out while the refresh token is exchanged stays signed out, and the new
// refresh token is revoked.
func TestSignOutDuringTheExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(2 * time.Hour)
	w.provider.exchange = func(string) (oidc.Tokens, error) {
		must(t, w.End(t.Context(), w.cookie))
		return tokens(w.owner, "second", w.now), nil
	}
	if _, err := w.Find(t.Context(), w.cookie); !errors.Is(err, session.ErrNone) {
		t.Errorf("%v", err)
	}
	if len(w.provider.revoked) != 2 || w.provider.revoked[1] != "second" {
		t.Errorf("revoked %q", w.provider.revoked)
	}
}

// A slow exchange whose claim has ended does not end the session that a later one renewed.
func TestSlowExchangeDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(2 * time.Hour)
	w.provider.exchange = func(string) (oidc.Tokens, error) {
		sessions, err := w.db.Sessions(t.Context(), w.owner, time.Hour)
		must(t, err)
		row := sessions[0] // another request takes over, as if the claim had ended
		must(t, w.db.PauseSession(t.Context(), row.Hash, row.Generation, 0))
		row.Generation, err = w.db.ClaimSession(t.Context(), row.Hash, row.Generation, time.Minute)
		must(t, err)
		row.RefreshAt, row.AccessUntil = w.now.Add(time.Hour), w.now.Add(time.Hour)
		must(t, w.db.RenewSession(t.Context(), row))
		return oidc.Tokens{}, oidc.ErrInvalidGrant
	}
	if _, err := w.Find(t.Context(), w.cookie); err != nil {
		t.Errorf("%v", err)
	}
}

func TestCookiesThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, cookie := range []string{"", "x", w.cookie + "A", w.cookie[1:], w.cookie[:42] + "=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if _, err := w.Find(t.Context(), cookie); !errors.Is(err, session.ErrNone) {
			t.Errorf("%q: %v", cookie, err)
		}
		if err := w.End(t.Context(), cookie); err != nil {
			t.Errorf("end %q: %v", cookie, err)
		}
	}
	if _, err := w.Find(t.Context(), w.cookie); err != nil {
		t.Error(err)
	}
	must(t, w.db.SetDisabled(t.Context(), w.owner, true))
	if _, err := w.Find(t.Context(), w.cookie); photo.KindOf(err) != photo.KindForbidden {
		t.Errorf("a disabled account: %v", err)
	}
}
