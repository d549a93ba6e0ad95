package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"photos/internal/auth"
	"photos/internal/httpkit"
	"photos/internal/text"
)

// assumedLifetime is the lifetime of an access token whose answer does not give one,
// which RFC 6749, section 5.1, allows. It is the shortest that Cognito can give.
const assumedLifetime = 5 * time.Minute

// ErrInvalidGrant is the cause of the error when the provider says that a code or a
// refresh token is not valid (RFC 6749, section 5.2).
var ErrInvalidGrant = errors.New("invalid_grant")

// Client is an app client of a provider. It is safe for concurrent use.
type Client struct {
	Provider Provider
	ID       string
	Secret   auth.Secret       // zero: a public client
	HTTP     http.RoundTripper // nil: http.DefaultTransport
	Now      func() time.Time  // nil: time.Now
}

// Outcome says what is known about a request to the token endpoint that failed.
type Outcome struct {
	// MayHaveHappened says that the provider may have carried the request out: the answer
	// was lost, or it comes from a gateway that did not wait for the provider.
	MayHaveHappened bool
	RetryAfter      time.Duration // the pause that the provider asks for; 0: none
}

// NewVerifier returns a random code verifier (RFC 7636, section 4.1).
func NewVerifier() auth.Secret { return auth.NewSecret(oauth2.GenerateVerifier()) }

// Authorization is a request to sign a user in (RFC 6749, section 4.1.1).
type Authorization struct {
	RedirectURI string
	State       string      // comes back with the code, unchanged
	Nonce       string      // comes back in the ID token
	Verifier    auth.Secret // only its SHA-256 is in the address (RFC 7636, section 4.2)

	IdentityProvider string // goes straight to one provider of the pool, such as LoginWithAmazon; may be empty
	LoginHint        string // fills in the user name; may be empty
	SignUp           bool   // starts at the page for new accounts
}

// AuthorizationURL returns the address at which a browser begins the sign-in.
func (c Client) AuthorizationURL(a Authorization) string {
	conf := c.config(a.RedirectURI, []string{"openid"})
	if a.SignUp {
		conf.Endpoint.AuthURL = c.Provider.Domain() + "/signup"
	}
	params := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier.Reveal())}
	for name, value := range map[string]string{"nonce": a.Nonce, "identity_provider": a.IdentityProvider, "login_hint": a.LoginHint} {
		if value != "" {
			params = append(params, oauth2.SetAuthURLParam(name, value))
		}
	}
	return conf.AuthCodeURL(a.State, params...)
}

// config returns the settings for x/oauth2. They always name the auth style: without
// one, x/oauth2 tries both styles, and the failed try invalidates the code.
func (c Client) config(redirectURI string, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if !c.Secret.IsZero() {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: c.ID, ClientSecret: c.Secret.Reveal(),
		RedirectURL: redirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: c.Provider.AuthorizationEndpoint, TokenURL: c.Provider.TokenEndpoint, AuthStyle: style},
	}
}

// Redeem exchanges an authorization code for tokens (RFC 6749, section 4.1.3). It makes
// one request. Errors are as those of [Client.Refresh].
func (c Client) Redeem(ctx context.Context, redirectURI string, code, verifier auth.Secret) (Tokens, error) {
	tokens, _, err := c.exchange(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return c.config(redirectURI, nil).Exchange(ctx, code.Reveal(), oauth2.VerifierOption(verifier.Reveal()))
	})
	return tokens, err
}

// Refresh exchanges a refresh token for new tokens (RFC 6749, section 6). It makes one
// request. An error is of kind Denied with the cause [ErrInvalidGrant] if the provider
// does not accept the token, of kind Misconfigured if it does not accept the client, and
// of kind Unavailable if a later try may succeed; or it is context.Canceled.
func (c Client) Refresh(ctx context.Context, refresh auth.Secret) (Tokens, Outcome, error) {
	return c.exchange(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return c.config("", nil).TokenSource(ctx, &oauth2.Token{RefreshToken: refresh.Reveal()}).Token()
	})
}

// exchange makes one request to the token endpoint. It replaces the errors of x/oauth2,
// which hold the body of the answer.
func (c Client) exchange(ctx context.Context, request func(context.Context) (*oauth2.Token, error)) (Tokens, Outcome, error) {
	a := new(answer)
	client := newHTTPClient(recorder{base: c.HTTP, answer: a})
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
	token, err := request(context.WithValue(traced, oauth2.HTTPClient, client))
	if err != nil {
		return Tokens{}, a.outcome(), c.failure(ctx, a, err)
	}
	if !wellFormed(token.AccessToken) || !wellFormed(token.RefreshToken) && token.RefreshToken != "" {
		return Tokens{}, a.outcome(), c.failure(ctx, a, nil)
	}
	return c.received(token, a), Outcome{}, nil
}

// received returns the tokens of a good answer.
func (c Client) received(token *oauth2.Token, a *answer) Tokens {
	now := c.now()
	lifetime := assumedLifetime
	if token.ExpiresIn > 0 {
		lifetime = time.Duration(token.ExpiresIn) * time.Second
	}
	id, _ := token.Extra("id_token").(string)
	return Tokens{
		Access:   Token{Value: auth.NewSecret(token.AccessToken), Obtained: now, Expiry: now.Add(lifetime)},
		Refresh:  auth.NewSecret(token.RefreshToken),
		ID:       auth.NewSecret(id),
		ClockOff: clockOff(a.date, now),
	}
}

func (c Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// failure tells a final refusal (status 400 or 401 with an error code, RFC 6749, section
// 5.2) from every failure that may pass.
func (c Client) failure(ctx context.Context, a *answer, err error) error {
	refusal, _ := errors.AsType[*oauth2.RetrieveError](err)
	host := c.Provider.Domain()
	switch {
	case auth.Interrupted(ctx):
		return context.Canceled
	case a.status == 0:
		return &auth.Error{Kind: auth.Unavailable, Msg: "asking " + host + " for tokens", Err: err,
			Hint: "check the network, then try again"}
	case refusal != nil && refusal.ErrorCode != "" && (a.status == http.StatusBadRequest || a.status == http.StatusUnauthorized):
		return refused(host, refusal.ErrorCode)
	}
	return &auth.Error{Kind: auth.Unavailable, Msg: fmt.Sprintf("asking %s for tokens: status %d without tokens", host, a.status),
		Hint: "the sign-in provider has a problem; try again later"}
}

// refused returns the error for an error code of the token endpoint.
func refused(host, code string) error {
	switch code {
	case "invalid_grant":
		return &auth.Error{Kind: auth.Denied, Msg: host + " refuses the grant", Err: ErrInvalidGrant, Hint: "sign in again"}
	case "invalid_client", "unauthorized_client":
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s refuses the client (%s)", host, code),
			Hint: "check the client id and secret, and that the redirect URI is registered exactly"}
	}
	return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s refuses the request (%s)", host, text.Cut(code, 40)),
		Hint: "check the app client's settings"}
}

// answer records what x/oauth2 does not pass on about an answer.
type answer struct {
	connected  atomic.Bool // there was a connection, so the request may have reached the provider
	status     int         // 0: no answer
	retryAfter time.Duration
	date       string
}

func (a *answer) outcome() Outcome {
	return Outcome{MayHaveHappened: a.mayHaveHappened(), RetryAfter: a.retryAfter}
}

func (a *answer) mayHaveHappened() bool {
	switch {
	case a.status == 0:
		return a.connected.Load()
	case a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout:
		return true
	}
	return a.status < 300
}

// recorder is a transport that fills in an answer.
type recorder struct {
	base   http.RoundTripper
	answer *answer
}

func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	base := r.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	r.answer.status = resp.StatusCode
	r.answer.date = resp.Header.Get("Date")
	r.answer.retryAfter = httpkit.RetryAfter(resp.Header, time.Now())
	return resp, nil
}
