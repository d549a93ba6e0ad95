package auth

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"photos/internal/httpkit"
	"photos/internal/text"
)

// ParseServer reads the address of a service as users type it. An address without a
// scheme means https, or http if the host is this machine. A trailing slash is dropped.
// Profiles and comparisons use the result.
func ParseServer(address string) (string, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		bare, err := url.Parse("http://" + address)
		if err == nil && httpkit.IsLoopback(bare.Hostname()) {
			address = "http://" + address
		} else {
			address = "https://" + address
		}
	}
	u, err := ParseAddress("service", address)
	if err != nil {
		return "", err
	}
	return OriginOf(u) + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// Origin returns scheme://host[:port] of an address that [ParseServer] returned. The
// tokens of a service are sent to this origin only.
func Origin(server string) (string, error) {
	u, err := ParseAddress("service", server)
	if err != nil {
		return "", err
	}
	return OriginOf(u), nil
}

// OriginOf returns scheme://host[:port] of u, in lower case and without a default port,
// so that equal origins are equal strings (RFC 6454, section 6.2).
func OriginOf(u *url.URL) string {
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

// ParseAddress reads an absolute URL that is https, or http on this machine, and that
// has no user, query or fragment. Errors are of kind Misconfigured; what names the
// address in them.
func ParseAddress(what, address string) (*url.URL, error) {
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
