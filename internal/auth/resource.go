package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/httpkit"
	"photos/internal/text"
)

// Resource is what a service publishes about signing in to it: OAuth 2.0 Protected
// Resource Metadata (RFC 9728), and the members photos_… that a command-line client
// needs besides.
type Resource struct {
	Resource             string   `json:"resource"`
	Name                 string   `json:"resource_name"`
	AuthorizationServers []string `json:"authorization_servers"`
	ClientID             string   `json:"photos_client_id"`
	Domain               string   `json:"photos_cognito_domain"`
	RedirectURIs         []string `json:"photos_redirect_uris"`
}

// ParseServer reads a service's address as people type it: a bare host means https, or
// http on this machine; a trailing slash does not count. The result is what profiles
// and comparisons use.
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
	u, err := parseSecure("service", address)
	if err != nil {
		return "", err
	}
	return origin(u) + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// Origin is the scheme://host[:port] of an address [ParseServer] returned: the only
// place its tokens are sent to.
func Origin(server string) (string, error) {
	u, err := parseSecure("service", server)
	if err != nil {
		return "", err
	}
	return origin(u), nil
}

// FetchResource asks a service, given as [ParseServer] returns it, how to sign in to
// it. The document must name the very address that was dialled (RFC 9728, section 3.3),
// else one service could speak for another.
func FetchResource(ctx context.Context, rt http.RoundTripper, server string) (Resource, error) {
	u, err := parseSecure("service", server)
	if err != nil {
		return Resource{}, err
	}
	r, err := readResource(ctx, rt, u)
	if err != nil {
		return Resource{}, err
	}
	if named, err := ParseServer(r.Resource); err != nil || named != server {
		return Resource{}, &Error{Kind: Untrusted,
			Msg:  fmt.Sprintf("%s describes itself as %s", server, text.Quote(r.Resource)),
			Hint: "sign in with the address the service goes by (its --base-url)"}
	}
	if len(r.AuthorizationServers) > 1 {
		return Resource{}, &Error{Kind: Misconfigured,
			Msg:  fmt.Sprintf("%s names %d sign-in providers", server, len(r.AuthorizationServers)),
			Hint: "choose one with COGNITO_ISSUER and COGNITO_CLIENT_ID"}
	}
	return r, nil
}

// readResource reads the document of the service at u. Its place is between host and path
// (RFC 9728, section 3.1). A proxy that passes on only what lies below the path does not
// have it there, but the service also answers below its path.
func readResource(ctx context.Context, rt http.RoundTripper, u *url.URL) (r Resource, err error) {
	const wellKnown, what = "/.well-known/oauth-protected-resource", "the service's sign-in description"
	path := strings.TrimRight(u.EscapedPath(), "/")
	err = getJSON(ctx, rt, origin(u)+wellKnown+path, what, &r)
	if err == nil || path == "" || interrupted(ctx) {
		return r, err
	}
	if getJSON(ctx, rt, origin(u)+path+wellKnown, what, &r) == nil {
		return r, nil
	}
	return Resource{}, err
}
