package signin

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// TokenSource gives a [Transport] its tokens. It is a [Source] or a [Fixed].
type TokenSource interface {
	// Token returns an access token.
	Token(ctx context.Context) (oidc.Token, error)
	// Invalidate records that a service rejected t. It reports whether Token may return
	// another one now.
	Invalidate(t oidc.Token) bool
}

// Fixed gives one token (PHOTOS_TOKEN), as it is.
type Fixed struct{ Value auth.Secret }

// Token implements TokenSource.
func (f Fixed) Token(context.Context) (oidc.Token, error) { return oidc.Token{Value: f.Value}, nil }

// Invalidate implements TokenSource. There is no other token.
func (f Fixed) Invalidate(oidc.Token) bool { return false }

// Transport adds the access token to requests to one origin. It adds it to no other
// request, whatever a redirect or a Location header says. It is safe for concurrent use.
type Transport struct {
	Base   http.RoundTripper
	Source TokenSource
	Origin string // as auth.Origin returns it
}

// RoundTrip implements http.RoundTripper. If the service rejects the token, it refreshes
// the token and repeats the request once. It repeats only a request without a body or
// with GetBody, so it keeps no body in memory. A 401 of a proxy, which does not concern
// the token, is passed on.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if auth.OriginOf(req.URL) != t.Origin {
		return t.Base.RoundTrip(req)
	}
	token, err := t.Source.Token(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.Base.RoundTrip(withToken(req, token))
	if err != nil || !tokenRejected(resp) || !t.Source.Invalidate(token) {
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

// tokenRejected reports whether a service rejected the token (RFC 6750, section 3).
func tokenRejected(resp *http.Response) bool {
	return resp.StatusCode == http.StatusUnauthorized && slices.ContainsFunc(resp.Header.Values("WWW-Authenticate"), func(challenge string) bool {
		scheme, _, _ := strings.Cut(challenge, " ")
		return strings.EqualFold(scheme, "Bearer")
	})
}

// withToken returns a copy of req with the token. A RoundTripper must not change its
// request.
func withToken(req *http.Request, t oidc.Token) *http.Request {
	signed := req.Clone(req.Context())
	signed.Header.Set("Authorization", "Bearer "+t.Value.Reveal())
	return signed
}

// replay returns a copy of req with a new body. It is false if there is no way to get
// one.
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

// discard reads the rest of a short answer, so that its connection can be used again.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}

var _ TokenSource = (*Source)(nil)
