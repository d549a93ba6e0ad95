package userpool

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// tokenError is an error answer of the token and revocation endpoints (RFC 6749,
// section 5.2). Like Cognito's, it has no description.
type tokenError struct {
	status int
	code   string
}

func (e *tokenError) Error() string { return e.code }

func badRequest(code string) error { return &tokenError{http.StatusBadRequest, code} }

// token serves the token endpoint.
func (p *Pool) token(w http.ResponseWriter, r *http.Request) {
	answer, err := p.exchange(r)
	if err != nil {
		p.answerError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// tokens is the answer of the token endpoint (RFC 6749, section 5.1). The answer to a
// refresh has a refresh token only if the old one was rotated.
type tokens struct {
	ID        string `json:"id_token,omitempty"`
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token,omitempty"`
	ExpiresIn int    `json:"expires_in"` // seconds
	Type      string `json:"token_type"`
}

func (p *Pool) exchange(r *http.Request) (tokens, error) {
	form, err := readForm(r)
	if err != nil {
		return tokens{}, err
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return p.redeemCode(r, form)
	case "refresh_token":
		return p.redeemRefresh(r, form)
	case "client_credentials": // no client may use it
		if _, err := p.authenticate(r, form); err != nil {
			return tokens{}, err
		}
		return tokens{}, badRequest("unauthorized_client")
	case "":
		return tokens{}, badRequest("invalid_request")
	}
	return tokens{}, badRequest("unsupported_grant_type")
}

// readForm reads the parameters in the body. It refuses repeated ones (RFC 6749, section 3.2).
func readForm(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, badRequest("invalid_request")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, badRequest("invalid_request")
		}
	}
	return r.PostForm, nil
}

// authenticate returns the client that sent a request (RFC 6749, section 2.3.1). A client
// with a secret sends it in HTTP Basic or in the body, and a public client only its ID. An
// empty secret is wrong.
func (p *Pool) authenticate(r *http.Request, form url.Values) (Client, error) {
	id, secret, basic := basicAuth(r)
	if basic && (form.Has("client_secret") || form.Has("client_id") && form.Get("client_id") != id) {
		return Client{}, badRequest("invalid_request")
	}
	given := basic
	if !basic {
		id, secret, given = form.Get("client_id"), form.Get("client_secret"), form.Has("client_secret")
	}
	client, known := p.client(id)
	right := subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) == 1
	if !known || given != (client.Secret != "") || !right {
		if basic {
			return Client{}, &tokenError{http.StatusUnauthorized, "invalid_client"}
		}
		return Client{}, badRequest("invalid_client")
	}
	return client, nil
}

// basicAuth reads the credentials of HTTP Basic, whose parts OAuth form-encodes.
func basicAuth(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	if !ok {
		return "", "", false
	}
	var err1, err2 error
	id, err1 = url.QueryUnescape(id)
	secret, err2 = url.QueryUnescape(secret)
	if err1 != nil || err2 != nil {
		return "", "", true // no client has this ID
	}
	return id, secret, true
}

// redeemCode exchanges an authorization code. The code is marked as used even if the
// exchange fails, as in Cognito: a client that tries two ways to authenticate needs a new
// code.
func (p *Pool) redeemCode(r *http.Request, form url.Values) (tokens, error) {
	ctx, now := r.Context(), p.now()
	if form.Get("code") == "" {
		return tokens{}, badRequest("invalid_request")
	}
	originJTI := uuid.NewString()
	c, codeErr := p.db.useCode(ctx, form.Get("code"), originJTI, now)
	client, err := p.authenticate(r, form)
	switch {
	case err != nil:
		return tokens{}, err
	case errors.Is(codeErr, errAbsent):
		return tokens{}, badRequest("invalid_grant")
	case codeErr != nil:
		return tokens{}, codeErr
	case c.clientID != client.ID || !c.provenBy(form.Get("code_verifier")):
		return tokens{}, badRequest("invalid_grant")
	case c.redirectURI != form.Get("redirect_uri"):
		return tokens{}, badRequest("unauthorized_client")
	}
	g := grant{
		originJTI: originJTI, sub: c.sub, clientID: c.clientID, scope: c.scope, resource: c.resource,
		signedInAt: c.signedInAt, expiresAt: now.Add(p.conf.RefreshLifetime),
	}
	refresh := p.newRefreshToken()
	err = p.db.addGrant(ctx, g, refresh)
	if errors.Is(err, errAbsent) {
		return tokens{}, badRequest("invalid_grant")
	}
	if err != nil {
		return tokens{}, err
	}
	answer, err := p.issue(ctx, g, c.nonce)
	answer.Refresh = refresh
	return answer, err
}

// provenBy checks the PKCE verifier (RFC 7636, section 4.6). If there is a verifier but no challenge, somebody removed
// the challenge from the authorization request (RFC 9700, section 4.8.2).
func (c code) provenBy(verifier string) bool {
	if c.challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.challenge)) == 1
}

// redeemRefresh exchanges a refresh token.
func (p *Pool) redeemRefresh(r *http.Request, form url.Values) (tokens, error) {
	client, err := p.authenticate(r, form)
	if err != nil {
		return tokens{}, err
	}
	if form.Get("refresh_token") == "" {
		return tokens{}, badRequest("invalid_request")
	}
	successor, grace := "", time.Duration(0)
	if rotation, g := p.rotation(); rotation {
		successor, grace = p.newRefreshToken(), g
	}
	g, err := p.db.useRefreshToken(r.Context(), refreshUse{
		token: form.Get("refresh_token"), clientID: client.ID, successor: successor, grace: grace, now: p.now(),
	})
	if errors.Is(err, errAbsent) {
		return tokens{}, badRequest("invalid_grant")
	}
	if err != nil {
		return tokens{}, err
	}
	answer, err := p.issue(r.Context(), g, "")
	answer.Refresh = successor
	return answer, err
}

// rotation reports whether a refresh replaces the refresh token, and how long the old one stays valid.
func (p *Pool) rotation() (on bool, grace time.Duration) {
	on, grace = p.conf.Rotation, p.conf.RotationGrace
	knobs := p.conf.Behaviour.Knobs()
	if knobs.Rotation != nil {
		on = *knobs.Rotation
	}
	if knobs.RotationGrace != nil {
		grace = time.Duration(*knobs.RotationGrace)
	}
	return on, grace
}

// refreshTokenSize is the size of Cognito's refresh tokens in bytes. Base64 may add up to two.
const refreshTokenSize = 1852

// refreshTokenHead is the beginning of Cognito's refresh tokens, which are encrypted JWTs:
// {"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}.
const refreshTokenHead = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"

// newRefreshToken returns a random token. It has the five parts of an encrypted JWT (RFC 7516, section 7.1) and the
// size of Cognito's, so that a client that cannot store those fails with this pool also.
func (p *Pool) newRefreshToken() string {
	const keyBytes, ivBytes, tagBytes = 256, 12, 16
	size := refreshTokenSize
	if asked := p.conf.Behaviour.Knobs().RefreshTokenBytes; asked > 0 {
		size = asked
	}
	others := len(refreshTokenHead) + len("....") + base64.RawURLEncoding.EncodedLen(keyBytes) + base64.RawURLEncoding.EncodedLen(ivBytes) +
		base64.RawURLEncoding.EncodedLen(tagBytes)
	textBytes := max((size-others)*3+3, 0) / 4
	parts := []string{refreshTokenHead}
	for _, n := range []int{keyBytes, ivBytes, textBytes, tagBytes} {
		part := make([]byte, n)
		_, _ = rand.Read(part) // never fails
		parts = append(parts, base64.RawURLEncoding.EncodeToString(part))
	}
	return strings.Join(parts, ".")
}
