package httpapi

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"photos/internal/accesskey"
	"photos/internal/api"
	"photos/internal/photo"
)

// account is the caller of a request: a signed-in user, or a machine with an
// access key of one.
type account struct {
	owner string         // the service's own UUID
	scope photo.KeyScope // of the access key; empty: a signed-in user
	Identity
}

// signedIn runs h for the account that the request's bearer token stands for
// (RFC 6750), if it may do what h needs. Cookies and query parameters sign nobody
// in here.
func (s *Server) signedIn(needs need, h func(w http.ResponseWriter, r *http.Request, a account) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, ok := bearer(r)
		if !ok {
			s.challenge(w, "")
			return &photo.Error{Kind: photo.KindNotSignedIn, Msg: "no access token", Hint: "photos login signs in"}
		}
		identify := s.user
		if accesskey.Looks(token) {
			identify = s.machine
		}
		a, err := identify(w, r, token)
		if err != nil {
			return err
		}
		if err := needs.allows(a.scope); err != nil {
			return err
		}
		return h(w, r.WithContext(a.within(r.Context())), a)
	}
}

// user returns the account of an access token of the user pool. It asks each time
// whether the owner is disabled, so a token that is remembered ends at once.
func (s *Server) user(w http.ResponseWriter, r *http.Request, token string) (account, error) {
	a, ok := s.accounts.find(token, time.Now())
	if !ok {
		who, err := s.Verify(r.Context(), token)
		if photo.KindOf(err) == photo.KindUnavailable || r.Context().Err() != nil {
			return account{}, fmt.Errorf("verify access token: %w", err)
		}
		if err != nil {
			s.challenge(w, invalidToken)
			return account{}, err
		}
		owner, err := s.Store.Owner(r.Context(), who.Pool, who.Subject)
		if err != nil {
			return account{}, err
		}
		a = account{owner: owner, Identity: who}
		s.accounts.keep(token, a, time.Now())
	}
	disabled, err := s.Store.Disabled(r.Context(), a.owner)
	if err == nil && disabled {
		err = errDisabled()
	}
	return a, err
}

func errDisabled() error {
	return &photo.Error{Kind: photo.KindForbidden, Msg: "this account is disabled", Hint: "the service's operator can enable it"}
}

// invalidToken is what a challenge adds when a token came that is not good.
const invalidToken = `, error="invalid_token"`

const (
	accountsFor = time.Minute // a token that was good is not checked again
	maxAccounts = 1024        // of them; then all are forgotten
)

// accounts remembers whose an access token is: a client that sends thousands of photos is looked
// up once a minute, not with each of them. Tokens themselves are not kept.
type accounts struct {
	mu      sync.Mutex
	byToken map[[sha256.Size]byte]remembered
}

type remembered struct {
	account
	until time.Time
}

func (m *accounts) find(token string, now time.Time) (account, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.byToken[sha256.Sum256([]byte(token))]
	return a.account, ok && now.Before(a.until)
}

func (m *accounts) keep(token string, a account, now time.Time) {
	until := now.Add(accountsFor)
	if a.Expires.Before(until) {
		until = a.Expires
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byToken == nil || len(m.byToken) >= maxAccounts {
		m.byToken = map[[sha256.Size]byte]remembered{}
	}
	m.byToken[sha256.Sum256([]byte(token))] = remembered{a, until}
}

// bearer is the token of the Authorization header; the scheme's case does not count.
func bearer(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// challenge tells a client where to learn how to sign in (RFC 9728, section 5.1).
func (s *Server) challenge(w http.ResponseWriter, more string) {
	origin := strings.TrimSuffix(s.BaseURL, s.prefix)
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer resource_metadata=%q%s", origin+api.PathProtectedResource+s.prefix, more))
}
