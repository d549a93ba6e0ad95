package userpool

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLifetime is Cognito's.
const codeLifetime = 5 * time.Minute

// maxQuery bounds an authorization request, which is carried from page to page
// and kept until the e-mail address is confirmed.
const maxQuery = 8 << 10

// request is an authorization request (RFC 6749, section 4.1.1) that was held against
// its client.
type request struct {
	clientID    string
	redirectURI string
	state       string
	scopes      []string
	nonce       string
	challenge   string // PKCE, S256; empty without
	prompt      string
	hint        string     // login_hint
	query       url.Values // as it came
}

// refusal is an authorization request's error (RFC 6749, section 4.1.2.1).
type refusal struct {
	code        string
	description string
	redirectURI string // "": the client cannot be trusted to hear of it, so the person does
	state       string
}

func allScopes() []string {
	return []string{"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"}
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
		clientID: client.ID, redirectURI: redirectURI, query: query,
		state: query.Get("state"), nonce: query.Get("nonce"), challenge: query.Get("code_challenge"),
		prompt: query.Get("prompt"), hint: query.Get("login_hint"),
		scopes: strings.Fields(query.Get("scope")),
	}
	if len(r.hint) > maxEmail {
		r.hint = ""
	}
	if len(r.scopes) == 0 {
		r.scopes = allScopes()
	}
	if code, description := r.check(); code != "" {
		return request{}, &refusal{code: code, description: description, redirectURI: redirectURI, state: r.state}
	}
	return r, nil
}

// single is a parameter's value, or empty when it stands several times.
func single(query url.Values, name string) string {
	if len(query[name]) != 1 {
		return ""
	}
	return query.Get(name)
}

// check finds what is wrong with a request that came from its client.
func (r request) check() (code, description string) {
	for name, values := range r.query {
		if len(values) > 1 {
			return "invalid_request", name + " stands twice"
		}
	}
	provider := r.query.Get("identity_provider")
	switch {
	case r.query.Get("response_type") != "code":
		return "invalid_request", "response_type is not code"
	case r.query.Get("code_challenge_method") != "" && r.query.Get("code_challenge_method") != "S256":
		return "invalid_request", "code_challenge_method is not S256"
	case (r.challenge == "") != (r.query.Get("code_challenge_method") == ""):
		return "invalid_request", "code_challenge and code_challenge_method=S256 go together"
	case r.challenge != "" && !isChallenge(r.challenge):
		return "invalid_request", "code_challenge is no SHA-256 in base64url"
	case provider != "" && provider != "COGNITO":
		return "invalid_request", "identity_provider is not one of this pool"
	case r.query.Has("resource"): // needs a plan that small pools do not have
		return "invalid_scope", "resource is not supported"
	}
	for _, scope := range r.scopes {
		if !slices.Contains(allScopes(), scope) {
			return "invalid_scope", "a scope is not one of the client's"
		}
	}
	return "", ""
}

// isChallenge reports whether s is 32 bytes in base64url without padding (RFC 7636, section 4.2).
func isChallenge(s string) bool {
	return len(s) == 43 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// authorize is where a client sends the browser. Whoever is signed in in this
// browser is sent back at once, unless the client asks for prompt=login.
func (p *Pool) authorize(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	who, err := p.whoIs(r)
	switch {
	case err != nil:
		p.fail(w, err)
	case who.sub != "" && req.prompt != "login":
		p.sendCode(w, r, req, who)
	case req.prompt == "none":
		p.refuse(w, r, &refusal{code: "login_required", redirectURI: req.redirectURI, state: req.state})
	default:
		http.Redirect(w, r, "/login?"+req.query.Encode(), http.StatusFound)
	}
}

// refuse tells the client, or, when that is not safe, the person: a redirect_mismatch never
// leaves the browser.
func (p *Pool) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	to := "/error?" + url.Values{"error": {no.code}, "client_id": {r.URL.Query().Get("client_id")}}.Encode()
	if no.redirectURI != "" {
		to = no.location()
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// location is the redirect URI with the error.
func (no *refusal) location() string {
	return withQuery(no.redirectURI, map[string]string{"error": no.code, "error_description": no.description, "state": no.state})
}

// withQuery adds parameters that are not empty to an address.
func withQuery(address string, params map[string]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // as registered: what can be done with it is the client's affair
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

// sendCode ends a sign-in: the browser takes a code to the client.
func (p *Pool) sendCode(w http.ResponseWriter, r *http.Request, req request, who browser) {
	lifetime := codeLifetime
	if asked := p.conf.Behaviour.Knobs().CodeLifetime; asked != nil {
		lifetime = time.Duration(*asked)
	}
	now := p.now()
	c := code{
		sub: who.sub, clientID: req.clientID, redirectURI: req.redirectURI, scope: strings.Join(req.scopes, " "),
		nonce: req.nonce, challenge: req.challenge, signedInAt: who.signedInAt, expiresAt: now.Add(lifetime),
	}
	secret := newUUID()
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

// code is what an authorization code stands for.
type code struct {
	sub, clientID, redirectURI, scope, nonce, challenge string
	signedInAt, expiresAt                               time.Time
}

func (d *database) addCode(ctx context.Context, secret string, c code) error {
	_, err := d.ExecContext(ctx, `INSERT INTO codes (code, sub, client_id, redirect_uri, scope, nonce, challenge, signed_in_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hashed(secret), c.sub, c.clientID, c.redirectURI, c.scope, c.nonce, c.challenge, c.signedInAt.UnixMicro(), c.expiresAt.UnixMicro())
	return err
}

// takeCode removes a code, so that it works once. errAbsent: it is unknown, used or expired.
func (d *database) takeCode(ctx context.Context, secret string, now time.Time) (code, error) {
	var c code
	var signedInAt, expiresAt int64
	err := d.QueryRowContext(ctx, `DELETE FROM codes WHERE code = ?
		RETURNING sub, client_id, redirect_uri, scope, nonce, challenge, signed_in_at, expires_at`, hashed(secret)).
		Scan(&c.sub, &c.clientID, &c.redirectURI, &c.scope, &c.nonce, &c.challenge, &signedInAt, &expiresAt)
	if err != nil {
		return code{}, absent(err)
	}
	c.signedInAt, c.expiresAt = time.UnixMicro(signedInAt), time.UnixMicro(expiresAt)
	if !now.Before(c.expiresAt) {
		return code{}, errAbsent
	}
	return c, nil
}
