package auth

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
)

// TokenSource is where a [Transport] gets its tokens: a [Source], or [Fixed].
type TokenSource interface {
	Token(ctx context.Context) (Token, error)
	// Invalidate says that a service refused t, and reports whether Token may now give
	// a better one.
	Invalidate(t Token) bool
}

// Fixed is a token given from outside (PHOTOS_TOKEN), used as it is.
type Fixed struct{ Value Secret }

// Token implements TokenSource.
func (f Fixed) Token(context.Context) (Token, error) { return Token{Value: f.Value}, nil }

// Invalidate implements TokenSource: there is no other token.
func (f Fixed) Invalidate(Token) bool { return false }

// Transport adds the access token to requests of one origin and to no others, wherever
// a redirect or a Location header may point. It is safe for concurrent use.
type Transport struct {
	Base   http.RoundTripper
	Source TokenSource
	Origin string // as Origin returns it
}

// RoundTrip implements http.RoundTripper. After a 401 that concerns the token, which a
// proxy's own does not, the token is refreshed and the request repeated, once, if it has no body or GetBody opens it anew; nothing is held
// in memory for that.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if origin(req.URL) != t.Origin {
		return t.Base.RoundTrip(req)
	}
	token, err := t.Source.Token(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.Base.RoundTrip(withToken(req, token))
	if err != nil || !tokenRefused(resp) || !t.Source.Invalidate(token) {
		return resp, err
	}
	again, ok := replay(req)
	if !ok {
		return resp, nil
	}
	fresh, err := t.Source.Token(req.Context())
	if err != nil {
		closeBody(again)
		discard(resp)
		return nil, err
	}
	discard(resp)
	return t.Base.RoundTrip(withToken(again, fresh))
}

// tokenRefused reports whether a service did not accept the token (RFC 6750, section 3).
func tokenRefused(resp *http.Response) bool {
	return resp.StatusCode == http.StatusUnauthorized && slices.ContainsFunc(resp.Header.Values("WWW-Authenticate"), func(challenge string) bool {
		scheme, _, _ := strings.Cut(challenge, " ")
		return strings.EqualFold(scheme, "Bearer")
	})
}

// withToken is a copy of req, since a RoundTripper must not change its request.
func withToken(req *http.Request, t Token) *http.Request {
	signed := req.Clone(req.Context())
	signed.Header.Set("Authorization", "Bearer "+t.Value.Reveal())
	return signed
}

// replay is req with its body opened anew, if it can be.
func replay(req *http.Request) (*http.Request, bool) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again.Body = body
	return again, true
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// discard reads what is left of a short answer, so that its connection can be used
// again.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}

var _ TokenSource = (*Source)(nil)
