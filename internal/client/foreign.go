package client

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
)

// unexpectedAnswer returns the error of an answer that did not come from a photo service, but
// from a proxy, from a network that wants a sign-in first, or from some other server.
func (c *Client) unexpectedAnswer(res *http.Response, body string) error {
	e := &photo.Error{Kind: api.KindOfStatus(res.StatusCode), Msg: fmt.Sprintf("%s answered %s", c.base.Host, res.Status)}
	switch status := res.StatusCode; {
	case status == http.StatusRequestEntityTooLarge:
		return c.refusedBody(res)
	case status >= 300 && status < 400:
		return c.redirectRefused(res)
	case status == http.StatusUnauthorized && asksForBearer(res):
		e.Msg = c.base.Host + " does not accept the access token"
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		e.Kind = photo.KindProtocol
		e.Msg += ", and not as the photo service does"
		e.Hint = "a proxy in front of the service wants a sign-in of its own: it must let requests with an access token through"
	case status == http.StatusNetworkAuthenticationRequired: // RFC 6585, section 6
		return c.captivePortal("it answered " + res.Status)
	case status == http.StatusMisdirectedRequest:
		e.Kind, e.Hint = photo.KindProtocol, "a proxy in front of the service must pass the Host header on; in nginx: proxy_set_header Host $http_host"
	case status == http.StatusBadRequest && c.base.Scheme == "http" && strings.Contains(body, "HTTPS"):
		e.Kind, e.Hint = photo.KindProtocol, "this port speaks https: write https:// in the address"
	case e.Kind == photo.KindUnavailable:
	default:
		e.Kind, e.Hint = photo.KindProtocol, "is "+c.base.String()+" the address of a photo service?"
	}
	return e
}

// asksForBearer reports whether a 401 concerns the access token (RFC 6750, section 3).
func asksForBearer(res *http.Response) bool {
	for _, challenge := range res.Header.Values("WWW-Authenticate") {
		if scheme, _, _ := strings.Cut(challenge, " "); strings.EqualFold(scheme, "Bearer") {
			return true
		}
	}
	return false
}

// redirectRefused returns the error of a redirect that is not followed.
func (c *Client) redirectRefused(res *http.Response) error {
	to, err := res.Location()
	switch {
	case err != nil:
		return c.badAnswer("%s answered %s without an address", c.base.Host, res.Status)
	case to.Hostname() == c.base.Hostname():
		return &photo.Error{
			Kind: photo.KindProtocol, Msg: fmt.Sprintf("%s redirects to %s://%s", c.base, to.Scheme, to.Host),
			Hint: "sign in again with the address that it redirects to",
		}
	}
	return c.captivePortal("it redirects to " + to.Scheme + "://" + to.Host)
}

// captivePortal returns the error of an answer that the network gave in place of the service.
// A retry does not help before the user has signed in there.
func (c *Client) captivePortal(did string) error {
	return &photo.Error{
		Kind: photo.KindUnavailable, Msg: c.base.Host, Err: permanentError{errors.New(did), false},
		Hint: "if this network wants a sign-in first, open any page in the browser; else check the address " + c.base.String(),
	}
}

// isPage reports whether an answer is a web page. A photo service never answers with one.
func isPage(res *http.Response) bool {
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}
