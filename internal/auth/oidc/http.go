package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"photos/internal/auth"
)

const (
	maxAnswer   = 1 << 20          // bytes that are read of an answer; Cognito's largest is about 10 KB
	answerLimit = 30 * time.Second // for a whole request to a service or provider
)

// newHTTPClient returns the client for every request of this package. It follows no
// redirect, because a 307 at the token endpoint would send the refresh token to another
// host. It reads at most maxAnswer bytes of an answer.
func newHTTPClient(rt http.RoundTripper) *http.Client {
	if rt == nil {
		rt = http.DefaultTransport
	}
	return &http.Client{
		Transport:     bounded{rt},
		Timeout:       answerLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded limits the body of every answer to maxAnswer bytes.
type bounded struct{ base http.RoundTripper }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// getJSON reads the JSON document at address into v. what names the document in errors.
func getJSON(ctx context.Context, rt http.RoundTripper, address, what string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return &auth.Error{Kind: auth.Misconfigured, Msg: "address of " + what, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := newHTTPClient(rt).Do(req)
	if err != nil {
		return unreachable(ctx, "reading "+what, err)
	}
	defer resp.Body.Close()
	if err := wantOK(resp, what); err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return unreachable(ctx, "reading "+what, err)
	}
	if err := json.Unmarshal(body, v); err != nil && isWebPage(resp) {
		return &auth.Error{Kind: auth.Unavailable, Msg: fmt.Sprintf("%s at %s: the answer is a web page", what, address),
			Hint: "if this network wants a sign-in first, open any page in the browser; else check the address"}
	} else if err != nil {
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s at %s is not valid JSON of the expected form", what, address),
			Hint: "check the address"}
	}
	return nil
}

// isWebPage reports whether an answer is a web page. A network that wants a sign-in
// first answers every request with one.
func isWebPage(resp *http.Response) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}

// wantOK returns an error for every status but 200.
func wantOK(resp *http.Response, what string) error {
	address := resp.Request.URL.String()
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusTooManyRequests || code >= 500:
		return &auth.Error{Kind: auth.Unavailable, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "try again later"}
	case code == http.StatusMisdirectedRequest:
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "the service has another address (its --base-url), or a proxy in front of it does not pass the Host header on"}
	case code >= 300 && code < 400:
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s at %s: redirected elsewhere", what, address),
			Hint: "use the address it redirects to, if you trust it"}
	default:
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "check the address"}
	}
}

// unreachable returns the error of a request that failed on the network, or
// context.Canceled if the caller cancelled it. It takes the address out of the errors
// of net/http, which repeat it.
func unreachable(ctx context.Context, doing string, err error) error {
	if auth.Interrupted(ctx) {
		return context.Canceled
	}
	e := &auth.Error{Kind: auth.Unavailable, Msg: doing, Err: err, Hint: "check the address and the network, then try again"}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		e.Err = wrapped.Err
		if u, err := url.Parse(wrapped.URL); err == nil {
			e.Msg += ": cannot reach " + u.Host
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		e.Err = op.Err
	}
	return e
}
