package userpool

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"photos/internal/httpkit"

	"github.com/google/uuid"
)

// codeLifetime is how long a code is valid, as in Cognito.
const codeLifetime = 5 * time.Minute

// maxQuery limits the size of an authorization request in bytes. Each page passes it on to
// the next one, and it is stored until the e-mail address is confirmed.
const maxQuery = 8 << 10

// request is an authorization request (RFC 6749, section 4.1.1) that was checked against
// its client.
type request struct {
	clientID    string
	redirectURI string
	state       string
	scopes      []string
	nonce       string
	challenge   string     // PKCE, S256; empty without
	resource    string     // RFC 8707: the service that the access token is for; may be empty
	prompt      []string   // none, login, consent, select_account
	hint        string     // login_hint
	query       url.Values // as it was received
	base        string     // path of the pool's pages
	providers   []string   // other providers of the client
}

// refusal is an authorization request's error (RFC 6749, section 4.1.2.1).
type refusal struct {
	code        string
	description string
	redirectURI string // "": the user is told instead of the client, because the client cannot be trusted
	state       string
}

// parseRequest reads the parameters that /oauth2/authorize, /login and /signup share.
// The redirect URI is checked first: errors are only sent to a registered one.
func (p *Pool) parseRequest(query url.Values) (request, *refusal) {
	refuse := func(code, description string) (request, *refusal) {
		return request{}, &refusal{code: code, description: description}
	}
	if len(query.Encode()) > maxQuery {
		return refuse("invalid_request", "the request is too long")
	}
	client, known := p.client(single(query, "client_id"))
	if !known {
		return refuse("invalid_client", "unknown client_id")
	}
	redirectURI := single(query, "redirect_uri")
	if p.conf.Behaviour.Knobs().RedirectMismatch || !slices.Contains(client.RedirectURIs, redirectURI) {
		return refuse("redirect_mismatch", "")
	}
	r := request{
		clientID: client.ID, redirectURI: redirectURI, query: query, base: p.base, providers: client.IdentityProviders,
		state: query.Get("state"), nonce: query.Get("nonce"), challenge: query.Get("code_challenge"),
		prompt: strings.Fields(query.Get("prompt")), hint: query.Get("login_hint"), resource: query.Get("resource"),
		scopes: strings.Fields(query.Get("scope")),
	}
	if len(r.hint) > maxEmail {
		r.hint = ""
	}
	if len(r.scopes) == 0 {
		r.scopes = client.Scopes
	}
	if code, description := r.check(client); code != "" {
		return request{}, &refusal{code: code, description: description, redirectURI: redirectURI, state: r.state}
	}
	return r, nil
}

// single returns the value of a parameter. It is empty if the parameter is repeated.
func single(query url.Values, name string) string {
	if len(query[name]) != 1 {
		return ""
	}
	return query.Get(name)
}

// check returns the error code of a request that the client is told about, or "". It ignores unknown parameters,
// such as lang: the pages are in English.
func (r request) check(client Client) (code, description string) {
	for name, values := range r.query {
		if len(values) > 1 {
			return "invalid_request", name + " is given twice"
		}
	}
	switch provider := r.query.Get("identity_provider"); {
	case r.query.Get("response_type") == "token":
		return "unauthorized_client", "the client may not use the implicit grant"
	case r.query.Get("response_type") != "code":
		return "invalid_request", "response_type is not code"
	case !client.knows(provider) || r.query.Get("idp_identifier") != "":
		return "invalid_request", "this client has no such identity provider"
	case !r.validResource():
		return "invalid_request", "resource is not an https or loopback address without a fragment"
	case !r.validPrompt():
		return "invalid_request", "prompt is not a known value, or has others next to none"
	}
	if description := r.checkPKCE(client); description != "" {
		return "invalid_request", description
	}
	return r.checkScopes(client)
}

// checkPKCE requires PKCE of public clients. Cognito does not.
func (r request) checkPKCE(client Client) string {
	switch method := r.query.Get("code_challenge_method"); {
	case method != "" && method != "S256":
		return "code_challenge_method is not S256"
	case (r.challenge == "") != (method == ""):
		return "code_challenge and code_challenge_method=S256 go together"
	case r.challenge != "" && !isChallenge(r.challenge):
		return "code_challenge is not a SHA-256 in base64url"
	case r.challenge == "" && client.Secret == "":
		return "code_challenge is missing, and this client has no secret"
	}
	return ""
}

// checkScopes refuses scopes that the client may not ask for, and those that describe the user without openid.
func (r request) checkScopes(client Client) (code, description string) {
	for _, scope := range r.scopes {
		switch {
		case !client.allows(scope):
			return "invalid_scope", "a scope is not one of the client's"
		case slices.Contains([]string{"email", "phone", "profile"}, scope) && !slices.Contains(r.scopes, "openid"):
			return "invalid_scope", scope + " needs openid"
		}
	}
	return "", ""
}

// validPrompt accepts the values of OpenID Connect Core 1.0, section 3.1.2.1.
func (r request) validPrompt() bool {
	for _, value := range r.prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, value) {
			return false
		}
	}
	return len(r.prompt) <= 1 || !slices.Contains(r.prompt, "none")
}

// asksAgain reports whether a user who is signed in has to type the password again. The pool does not ask for consent.
func (r request) asksAgain() bool {
	return slices.Contains(r.prompt, "login") || slices.Contains(r.prompt, "select_account")
}

// validResource accepts what Cognito accepts: https, http on this machine, and an application's own scheme.
func (r request) validResource() bool {
	if r.resource == "" {
		return true
	}
	u, err := url.Parse(r.resource)
	if err != nil || u.Scheme == "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "http" {
		return httpkit.IsLoopback(u.Hostname())
	}
	return u.Scheme != "https" || u.Host != ""
}

// isChallenge reports whether s is 32 bytes in base64url without padding (RFC 7636, section 4.2).
func isChallenge(s string) bool {
	return len(s) == 43 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// authorize serves the authorization endpoint. A user who is signed in in this browser is sent back at once, unless
// the client asks for prompt=login or select_account.
func (p *Pool) authorize(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	who, err := p.signedInUser(r)
	switch {
	case err != nil:
		p.fail(w, err)
	case req.standIn() != "":
		http.Redirect(w, r, p.base+"/provider?"+req.query.Encode(), http.StatusFound)
	case who.sub != "" && !req.asksAgain():
		p.sendCode(w, r, req, who)
	case slices.Contains(req.prompt, "none"):
		p.refuse(w, r, &refusal{code: "login_required", redirectURI: req.redirectURI, state: req.state})
	default:
		http.Redirect(w, r, p.base+"/login?"+req.query.Encode(), http.StatusFound)
	}
}

// refuse sends the browser back to the client with the error. If that is not safe, such as after a
// redirect_mismatch, it sends the browser to the error page.
func (p *Pool) refuse(w http.ResponseWriter, r *http.Request, refused *refusal) {
	to := p.base + "/error?" + url.Values{"error": {refused.code}, "client_id": {r.URL.Query().Get("client_id")}}.Encode()
	if refused.redirectURI != "" {
		to = refused.location()
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// location returns the redirect URI with the error.
func (f *refusal) location() string {
	return withQuery(f.redirectURI, map[string]string{"error": f.code, "error_description": f.description, "state": f.state})
}

// withQuery adds those parameters to an address that are not empty.
func withQuery(address string, params map[string]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // as it is registered
	}
	query := u.Query()
	for name, value := range params {
		if value != "" {
			query.Set(name, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// sendCode ends a sign-in: it sends the browser back to the client with a code.
func (p *Pool) sendCode(w http.ResponseWriter, r *http.Request, req request, who browser) {
	lifetime := codeLifetime
	if asked := p.conf.Behaviour.Knobs().CodeLifetime; asked != nil {
		lifetime = time.Duration(*asked)
	}
	now := p.now()
	c := code{
		sub: who.sub, clientID: req.clientID, redirectURI: req.redirectURI, scope: strings.Join(req.scopes, " "),
		nonce: req.nonce, challenge: req.challenge, resource: req.resource, signedInAt: who.signedInAt, expiresAt: now.Add(lifetime),
	}
	secret := uuid.NewString()
	if err := p.db.addCode(r.Context(), secret, c); err != nil {
		p.fail(w, err)
		return
	}
	if err := p.db.sweep(r.Context(), now); err != nil {
		p.fail(w, err)
		return
	}
	http.Redirect(w, r, withQuery(req.redirectURI, map[string]string{"code": secret, "state": req.state}), http.StatusFound)
}

// code is the record of an authorization code.
type code struct {
	sub, clientID, redirectURI, scope, nonce, challenge, resource string
	signedInAt, expiresAt                                         time.Time
}

func (d *database) addCode(ctx context.Context, secret string, c code) error {
	_, err := d.ExecContext(ctx, `INSERT INTO codes (code, sub, client_id, redirect_uri, scope, nonce, challenge, resource, signed_in_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hashed(secret), c.sub, c.clientID, c.redirectURI, c.scope, c.nonce, c.challenge, c.resource, c.signedInAt.UnixMicro(), c.expiresAt.UnixMicro())
	return err
}

// useCode marks a code as used for a grant that is made next. The error is errAbsent if the code is unknown, used or
// expired. If a code is used twice, somebody else saw it, so its grant ends (RFC 6749, section 4.1.2).
func (d *database) useCode(ctx context.Context, secret, originJTI string, now time.Time) (code, error) {
	var c code
	var signedInAt, expiresAt int64
	err := d.QueryRowContext(ctx, `UPDATE codes SET used_for = ? WHERE code = ? AND used_for IS NULL AND expires_at > ?
		RETURNING sub, client_id, redirect_uri, scope, nonce, challenge, resource, signed_in_at, expires_at`, originJTI, hashed(secret), now.UnixMicro()).
		Scan(&c.sub, &c.clientID, &c.redirectURI, &c.scope, &c.nonce, &c.challenge, &c.resource, &signedInAt, &expiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		return code{}, errors.Join(errAbsent, d.endGrantOfCode(ctx, secret))
	}
	c.signedInAt, c.expiresAt = time.UnixMicro(signedInAt), time.UnixMicro(expiresAt)
	return c, err
}

// endGrantOfCode removes the grant that a code was used for. If the grant is not there yet, it cannot be added later.
func (d *database) endGrantOfCode(ctx context.Context, secret string) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM grants WHERE origin_jti = (SELECT used_for FROM codes WHERE code = ?)", hashed(secret)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE codes SET used_for = '' WHERE code = ?", hashed(secret))
		return err
	})
}
