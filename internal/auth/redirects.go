package auth

import (
	"net"
	"strconv"
	"strings"
)

// The redirect URIs an app client for this program registers. Cognito compares them
// exactly, so the ports are fixed; there are several because one may be taken.
const (
	firstPort    = 18484
	lastPort     = 18489
	callbackPath = "/callback"
)

// DefaultRedirectURIs are tried in this order when a service publishes none.
func DefaultRedirectURIs() []string {
	var uris []string
	for _, host := range []string{"127.0.0.1", "localhost"} {
		for port := firstPort; port <= lastPort; port++ {
			uris = append(uris, redirectURI(host, strconv.Itoa(port)))
		}
	}
	return uris
}

func redirectURI(host, port string) string {
	return "http://" + net.JoinHostPort(host, port) + callbackPath
}

// ChooseRedirects keeps those of the published redirect URIs that have the given host
// and port, of which either may be empty. When none has, the person knows of another
// one that is registered: it is made from what they gave.
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
		return []string{redirectURI(host, port)}
	}
	for p := firstPort; p <= lastPort; p++ {
		chosen = append(chosen, redirectURI(host, strconv.Itoa(p)))
	}
	return chosen
}
