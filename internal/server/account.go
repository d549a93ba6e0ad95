package server

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// account is the signed-in caller of a request.
type account struct {
	owner string // the service's own UUID
	Identity
}

// signedIn runs h for the account that the request's bearer token stands for
// (RFC 6750). Cookies and query parameters sign nobody in here.
func (s *Server) signedIn(h func(w http.ResponseWriter, r *http.Request, a account) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, ok := bearer(r)
		if !ok {
			s.challenge(w, "")
			return &photo.Error{Kind: photo.KindNotSignedIn, Msg: "no access token", Hint: "photos login signs in"}
		}
		if a, ok := s.accounts.find(token, time.Now()); ok {
			return h(w, r, a)
		}
		who, err := s.Verify(r.Context(), token)
		if photo.KindOf(err) == photo.KindUnavailable || r.Context().Err() != nil {
			return fmt.Errorf("verify access token: %w", err)
		}
		if err != nil {
			s.challenge(w, `, error="invalid_token"`)
			return err
		}
		owner, err := s.Store.Owner(r.Context(), who.Pool, who.Subject)
		if err != nil {
			return err
		}
		a := account{owner, who}
		s.accounts.keep(token, a, time.Now())
		return h(w, r, a)
	}
}

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
