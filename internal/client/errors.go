package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
)

// permanentError marks the error of an unavailable service that a retry soon would not help.
// Its text is that of the error it wraps. passes says that a retry after an outage may help.
type permanentError struct {
	error
	passes bool
}

func (f permanentError) Unwrap() error { return f.error }

// maxProblem bounds a problem document.
const maxProblem = 64 << 10

// refused returns the error of an answer that is not a success, and closes its body.
func (c *Client) refused(res *http.Response) error {
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil && media == api.ProblemType && res.StatusCode != http.StatusRequestEntityTooLarge {
		return c.failed(res.Request.Context(), err) // why it was refused is lost: the same request is refused again
	}
	var p api.Problem
	if media == api.ProblemType && res.Request.Method == http.MethodHead { // without a body: the status says it
		p.Kind, p.Title = api.KindOfStatus(res.StatusCode), c.base.Host+" answered "+res.Status
	} else if media != api.ProblemType || json.Unmarshal(body, &p) != nil || p.Kind == "" {
		return c.unexpectedAnswer(res, string(body))
	}
	e := &photo.Error{Kind: p.Kind, Msg: p.Detail, Hint: p.Hint}
	if e.Msg == "" {
		e.Msg = p.Title
	}
	switch res.StatusCode {
	case http.StatusLocked:
		e.Kind = photo.KindConflict // another client appends to this upload; the service is available
	case http.StatusMisdirectedRequest:
		e.Kind = photo.KindProtocol // an address in somebody's settings is wrong
	}
	if res.StatusCode >= http.StatusInternalServerError && p.RequestID != "" { // the log of the service names it
		e.Msg += " (request " + p.RequestID + ")"
	}
	return e
}

// badAnswer returns the error of an answer that no photo service should give.
func (c *Client) badAnswer(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindProtocol, Msg: fmt.Sprintf(format, args...), Hint: "the fault is at " + c.base.String() + "; tell whoever runs it"}
}

// failed returns the error of a request that got no answer. An error that is a *photo.Error
// already comes from the source of the access token, which has done its own retries.
func (c *Client) failed(ctx context.Context, err error) error {
	var known *photo.Error
	if errors.As(err, &known) {
		return permanentError{known, true}
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errStalled):
		return &photo.Error{Kind: photo.KindUnavailable, Msg: c.base.Host, Hint: "--timeout sets how long to wait", Err: permanentError{fmt.Errorf("%w for %s", errStalled, c.patience), true}}
	case ctx.Err() != nil:
		return interrupted(ctx)
	}
	var redirect redirectError
	if errors.As(err, &redirect) {
		return c.badAnswer("%s: %v", c.base.Host, redirect)
	}
	var wrapped *url.Error // its text repeats the whole address
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := &photo.Error{Kind: photo.KindUnavailable, Msg: "cannot reach " + c.base.Host, Hint: "is the service running, and is the network up?", Err: shortCause(err)}
	if hint := HintOfTLS(err); hint != "" {
		e.Hint, e.Err = hint, permanentError{shortCause(err), false}
	}
	return e
}

// HintOfTLS returns what to do about a failed TLS handshake, or "".
func HintOfTLS(err error) string {
	var badCert *tls.CertificateVerificationError
	var unknownCA x509.UnknownAuthorityError
	switch {
	case err == nil:
	case errors.As(err, &unknownCA):
		return "the authority that signed the certificate is unknown on this machine: SSL_CERT_FILE names a file with its certificate"
	case errors.As(err, &badCert):
		return "the service's certificate is not valid for this address or at this time"
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"): // net/http gives it no type
		return "this port speaks plain http: leave https out of the address, or use the port of https"
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`): // the alert of a server that expects TLS
		return "this port speaks https: write https:// in the address"
	}
	return ""
}

// shortCause removes the layers of a network error that tell the user nothing.
func shortCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		var dns *net.DNSError
		if errors.As(op.Err, &dns) {
			return errors.New(dns.Err) // its text repeats the host and names the resolver
		}
		return op.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the connection was cut")
	}
	return err
}

func interrupted(ctx context.Context) error {
	return &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted", Err: ctx.Err()}
}
