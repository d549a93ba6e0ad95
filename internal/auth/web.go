package auth

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
	"strings"
	"time"

	"photos/internal/httpkit"
	"photos/internal/text"
)

const (
	maxAnswer   = 1 << 20          // bytes read of any answer; Cognito's largest is some 10 KB
	answerLimit = 30 * time.Second // a whole request to service or provider
)

// newClient is the client for everything this package asks. It follows no redirect,
// because a 307 at the token endpoint would carry the refresh token to wherever it
// points; and it reads bounded answers only.
func newClient(rt http.RoundTripper) *http.Client {
	if rt == nil {
		rt = http.DefaultTransport
	}
	return &http.Client{
		Transport:     bounded{rt},
		Timeout:       answerLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded cuts the body of every answer at maxAnswer.
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
		return &Error{Kind: Misconfigured, Msg: "address of " + what, Err: err}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := newClient(rt).Do(req)
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
	if err := json.Unmarshal(body, v); err != nil && isPage(resp) {
		return &Error{Kind: Unavailable, Msg: fmt.Sprintf("%s at %s: a web page came instead", what, address),
			Hint: "if this network wants a sign-in first, open any page in the browser; else check the address"}
	} else if err != nil {
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s at %s is not the JSON it should be", what, address),
			Hint: "check the address"}
	}
	return nil
}

// isPage reports whether an answer is a web page, as of a network that wants a sign-in
// first.
func isPage(resp *http.Response) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}

func wantOK(resp *http.Response, what string) error {
	address := resp.Request.URL.String()
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusTooManyRequests || code >= 500:
		return &Error{Kind: Unavailable, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "try again later"}
	case code == http.StatusMisdirectedRequest:
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "the service goes by another address (its --base-url), or a proxy before it does not pass the Host header on"}
	case code >= 300 && code < 400:
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s at %s: redirected elsewhere", what, address),
			Hint: "use the address it redirects to, if you trust it"}
	default:
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s at %s: status %d", what, address, code),
			Hint: "check the address"}
	}
}

// unreachable is a network failure, unless the caller stopped on purpose.
func unreachable(ctx context.Context, doing string, err error) error {
	if interrupted(ctx) {
		return context.Canceled
	}
	e := &Error{Kind: Unavailable, Msg: doing, Err: err, Hint: "check the address and the network, then try again"}
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // its text repeats the whole address
		e.Err = wrapped.Err
		if u, err := url.Parse(wrapped.URL); err == nil {
			e.Msg += ": cannot reach " + u.Host
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil { // its text repeats the addresses of both ends
		e.Err = op.Err
	}
	return e
}

// interrupted reports whether ctx was cancelled on purpose, not by a deadline. The
// answer is context.Canceled then, whatever cause was given along.
func interrupted(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

// origin is scheme://host[:port] of u, in lower case and without a default port, so
// that equal origins are equal strings (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	}
	if port != "" {
		return scheme + "://" + net.JoinHostPort(host, port)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}

// parseSecure reads an absolute URL that is https, or http on this machine, and has no
// user, query or fragment. what names it in errors.
func parseSecure(what, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || text.Line(address) != address:
		return nil, &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s %s is not an address", what, text.Quote(address)),
			Hint: "it looks like https://example.org"}
	case u.Scheme != "https" && (u.Scheme != "http" || !httpkit.IsLoopback(u.Hostname())):
		return nil, &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s %s is not https", what, text.Quote(address)),
			Hint: "plain http is for this machine only (localhost, 127.0.0.1, [::1])"}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, &Error{Kind: Misconfigured, Msg: fmt.Sprintf("%s holds more than scheme, host and path", what),
			Hint: "leave user, query and fragment out"}
	}
	return u, nil
}
