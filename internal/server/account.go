package server

import (
	"fmt"
	"net/http"
	"strings"

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
		return h(w, r, account{owner, who})
	}
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
