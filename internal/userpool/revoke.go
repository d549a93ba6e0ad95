package userpool

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// revoke serves the revocation endpoint (RFC 7009). It ends the sign-in to which a refresh
// token belongs. An unknown or expired token gets the same answer.
func (p *Pool) revoke(w http.ResponseWriter, r *http.Request) {
	if err := p.endGrant(r); err != nil {
		p.answerError(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func (p *Pool) endGrant(r *http.Request) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	client, err := p.authenticate(r, form)
	if err != nil {
		return &tokenError{http.StatusUnauthorized, "invalid_client"}
	}
	token := form.Get("token")
	if token == "" {
		return badRequest("invalid_request")
	}
	if _, err := p.keys.verify(token); err == nil { // access tokens cannot be revoked
		return badRequest("unsupported_token_type")
	}
	return p.db.removeGrant(r.Context(), token, client.ID)
}

// userInfo serves the user info endpoint (OpenID Connect Core 1.0, section 5.3).
func (p *Pool) userInfo(w http.ResponseWriter, r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_request"`)
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	claims, err := p.keys.verify(token)
	valid := err == nil && claims.Use == useAccess && claims.Issuer == p.Issuer() && p.now().Unix() < claims.Expires && slices.Contains(strings.Fields(claims.Scope), "openid")
	u, err := p.db.userOfGrant(r.Context(), claims.OriginJTI)
	switch {
	case !valid || errors.Is(err, errAbsent):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": "the access token is not valid, or its sign-in was revoked"})
	case err != nil:
		p.answerError(w, err)
	default:
		writeJSON(w, http.StatusOK, info(u, claims.Scope))
	}
}

// info returns the claims about a user that the scopes allow.
func info(u user, scope string) map[string]string {
	about := map[string]string{"sub": u.sub, "username": u.sub}
	email, nickname := described(scope)
	if email {
		about["email"], about["email_verified"] = u.email, strconv.FormatBool(u.confirmed) // a string, as in Cognito
	}
	if nickname {
		about["nickname"] = u.nickname
	}
	return about
}
