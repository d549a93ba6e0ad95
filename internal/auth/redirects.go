package auth

import (
	"strings"

	"photos/internal/redirect"
)

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
		return []string{redirect.URI(host, port)}
	}
	return redirect.On(host)
}
