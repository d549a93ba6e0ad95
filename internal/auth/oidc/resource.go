package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/auth"
	"photos/internal/text"
)

// Resource is the document in which a service says how to sign in to it: OAuth 2.0
// Protected Resource Metadata (RFC 9728), with members photos_… that the command line
// needs in addition.
type Resource struct {
	Resource             string   `json:"resource"`
	Name                 string   `json:"resource_name"`
	AuthorizationServers []string `json:"authorization_servers"`
	ClientID             string   `json:"photos_client_id"`
	Domain               string   `json:"photos_cognito_domain"`
	RedirectURIs         []string `json:"photos_redirect_uris"`
}

// FetchResource asks a service how to sign in to it. server is an address that
// [auth.ParseServer] returned. The document must name this address (RFC 9728,
// section 3.3). Otherwise one service could speak for another.
//
// Errors are of kind Untrusted, Misconfigured or Unavailable, or context.Canceled. A nil
// rt is http.DefaultTransport.
func FetchResource(ctx context.Context, rt http.RoundTripper, server string) (Resource, error) {
	u, err := auth.ParseAddress("service", server)
	if err != nil {
		return Resource{}, err
	}
	r, err := readResource(ctx, rt, u)
	if err != nil {
		return Resource{}, err
	}
	if named, err := auth.ParseServer(r.Resource); err != nil || named != server {
		return Resource{}, &auth.Error{Kind: auth.Untrusted,
			Msg:  fmt.Sprintf("%s describes itself as %s", server, text.Quote(r.Resource)),
			Hint: "sign in with the address that the service has (its --base-url)"}
	}
	if len(r.AuthorizationServers) > 1 {
		return Resource{}, &auth.Error{Kind: auth.Misconfigured,
			Msg:  fmt.Sprintf("%s names %d sign-in providers", server, len(r.AuthorizationServers)),
			Hint: "choose one with COGNITO_ISSUER and COGNITO_CLIENT_ID"}
	}
	return r, nil
}

// readResource reads the document of the service at u. Its well-known path comes between
// host and path (RFC 9728, section 3.1). A proxy that passes on only requests below the
// path does not have it there, so the service also has it below its path.
func readResource(ctx context.Context, rt http.RoundTripper, u *url.URL) (r Resource, err error) {
	const wellKnown, what = "/.well-known/oauth-protected-resource", "the service's sign-in description"
	path := strings.TrimRight(u.EscapedPath(), "/")
	err = getJSON(ctx, rt, auth.OriginOf(u)+wellKnown+path, what, &r)
	if err == nil || path == "" || auth.Interrupted(ctx) {
		return r, err
	}
	if getJSON(ctx, rt, auth.OriginOf(u)+path+wellKnown, what, &r) == nil {
		return r, nil
	}
	return Resource{}, err
}
