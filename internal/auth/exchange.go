package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"photos/internal/httpkit"
	"photos/internal/text"
)

// assumedLifetime is that of an access token whose answer does not say, which RFC 6749,
// section 5.1, allows: the shortest Cognito gives.
const assumedLifetime = 5 * time.Minute

// endpoint talks to a provider's token endpoint for one client.
type endpoint struct {
	provider Provider
	clientID string
	secret   Secret // zero: a public client
	rt       http.RoundTripper
	now      func() time.Time
}

// grant is what the token endpoint gave.
type grant struct {
	access  Token
	refresh Secret // zero when the answer holds none
	idToken Secret
	skew    time.Duration
}

// answer is what is known of one exchange beside its tokens.
type answer struct {
	connected  atomic.Bool // a connection was there: the request may have reached the provider
	status     int         // 0: no answer
	retryAfter time.Duration
	date       string
}

// errInvalidGrant is the provider's word that a code or refresh token is worthless.
var errInvalidGrant = errors.New("invalid_grant")

// config always names the auth style. Left to itself, x/oauth2 probes for it, and the
// failed probe burns the code.
func (e endpoint) config(redirectURI string, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if !e.secret.IsZero() {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: e.clientID, ClientSecret: e.secret.Reveal(),
		RedirectURL: redirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: e.provider.AuthorizationEndpoint, TokenURL: e.provider.TokenEndpoint, AuthStyle: style},
	}
}

// redeemCode exchanges an authorization code, once.
func (e endpoint) redeemCode(ctx context.Context, redirectURI string, code, verifier Secret) (grant, error) {
	g, _, err := e.ask(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return e.config(redirectURI, nil).Exchange(ctx, code.Reveal(), oauth2.VerifierOption(verifier.Reveal()))
	})
	return g, err
}

// redeemRefresh exchanges a refresh token, once. The answer is valid in every case.
func (e endpoint) redeemRefresh(ctx context.Context, refresh Secret) (grant, *answer, error) {
	return e.ask(ctx, func(ctx context.Context) (*oauth2.Token, error) {
		return e.config("", nil).TokenSource(ctx, &oauth2.Token{RefreshToken: refresh.Reveal()}).Token()
	})
}

// ask runs one exchange, notes what came back, and puts its failure into words of ours:
// those of x/oauth2 hold the body of the answer.
func (e endpoint) ask(ctx context.Context, exchange func(context.Context) (*oauth2.Token, error)) (grant, *answer, error) {
	a := new(answer)
	client := newClient(noting{base: e.rt, answer: a})
	tracing := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { a.connected.Store(true) },
	})
	token, err := exchange(context.WithValue(tracing, oauth2.HTTPClient, client))
	if err != nil {
		return grant{}, a, e.failure(ctx, a, err)
	}
	if !wellFormed(token.AccessToken) || !wellFormed(token.RefreshToken) && token.RefreshToken != "" {
		return grant{}, a, e.failure(ctx, a, nil)
	}
	received := e.now()
	lifetime := assumedLifetime
	if token.ExpiresIn > 0 {
		lifetime = time.Duration(token.ExpiresIn) * time.Second
	}
	id, _ := token.Extra("id_token").(string)
	return grant{
		access:  Token{Value: NewSecret(token.AccessToken), Obtained: received, Expiry: received.Add(lifetime)},
		refresh: NewSecret(token.RefreshToken),
		idToken: NewSecret(id),
		skew:    skew(a.date, received),
	}, a, nil
}

// failure tells final refusals (RFC 6749, section 5.2: status 400 or 401 with an error
// code) from everything that may pass.
func (e endpoint) failure(ctx context.Context, a *answer, err error) error {
	refusal, _ := errors.AsType[*oauth2.RetrieveError](err)
	host := e.provider.Domain()
	switch {
	case interrupted(ctx):
		return context.Canceled
	case a.status == 0:
		return &Error{Kind: Unavailable, Msg: "asking " + host + " for tokens", Err: err,
			Hint: "check the network, then try again"}
	case refusal != nil && refusal.ErrorCode != "" && (a.status == http.StatusBadRequest || a.status == http.StatusUnauthorized):
		return refused(host, refusal.ErrorCode)
	}
	return &Error{Kind: Unavailable, Msg: fmt.Sprintf("asking %s for tokens: status %d without tokens", host, a.status),
		Hint: "the sign-in provider has a problem; try again later"}
}

func refused(host, code string) error {
	switch code {
	case "invalid_grant":
		return &Error{Kind: Denied, Msg: host + " refuses the grant", Err: errInvalidGrant, Hint: "sign in again"}
	case "invalid_client", "unauthorized_client":
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s refuses the client (%s)", host, code),
			Hint: "check the client id and secret, and that the redirect URI is registered exactly"}
	}
	return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s refuses the request (%s)", host, text.Cut(code, 40)),
		Hint: "check the app client's settings"}
}

// wellFormed reports whether a token is made of the characters RFC 6750, section 2.1,
// allows: it goes into a header, and on a terminal.
func wellFormed(token string) bool {
	for _, c := range []byte(token) {
		alnum := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !alnum && strings.IndexByte("-._~+/=", c) < 0 {
			return false
		}
	}
	return token != ""
}

// mayHaveHappened reports whether a failed exchange may have been carried out all the
// same: its answer got lost, or is one of a gateway that did not wait for it.
func (a *answer) mayHaveHappened() bool {
	switch {
	case a.status == 0:
		return a.connected.Load()
	case a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout:
		return true
	}
	return a.status < 300
}

// noting writes down what x/oauth2 does not hand on.
type noting struct {
	base   http.RoundTripper
	answer *answer
}

func (n noting) RoundTrip(req *http.Request) (*http.Response, error) {
	base := n.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	n.answer.status = resp.StatusCode
	n.answer.date = resp.Header.Get("Date")
	n.answer.retryAfter = httpkit.RetryAfter(resp.Header, time.Now())
	return resp, nil
}
