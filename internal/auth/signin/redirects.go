package signin

import (
	"fmt"
	"net/url"
	"strings"

	"photos/internal/auth"
	"photos/internal/redirect"
	"photos/internal/text"
)

// ChooseRedirects returns those of the published redirect URIs that have the given host
// and port. Either may be empty. If there is none, the user knows of one that the service
// does not publish, so ChooseRedirects makes it from host and port.
func ChooseRedirects(published []string, host, port string) []string {
	var chosen []string
	for _, address := range published {
		u, err := parseRedirect(address)
		if err == nil && (host == "" || u.Hostname() == strings.Trim(host, "[]")) && (port == "" || u.Port() == port) {
			chosen = append(chosen, address)
		}
	}
	if len(chosen) > 0 || host == "" && port == "" {
		return chosen
	}
	host = strings.Trim(host, "[]")
	if host == "" {
		host = "127.0.0.1"
	}
	if port != "" {
		return []string{redirect.URI(host, port)}
	}
	return redirect.On(host)
}

// parseRedirect reads a redirect URI. It accepts what both RFC 8252, section 7.3, and
// Cognito allow: http on this machine with a port.
func parseRedirect(address string) (*url.URL, error) {
	u, err := auth.ParseAddress("redirect URI", address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Port() == "" {
		return nil, &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("redirect URI %s is not http with a port on this machine", text.Quote(address)),
			Hint: "it looks like " + redirect.URIs()[0]}
	}
	return u, nil
}
