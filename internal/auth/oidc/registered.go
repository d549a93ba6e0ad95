package oidc

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"photos/internal/auth"
)

// Registered checks that a redirect URI is registered with the client. It begins a
// sign-in that nobody finishes: Cognito redirects a registered URI to its login page,
// and another one to its error page. Errors are of kind Misconfigured (not registered,
// or the client is refused) or Unavailable, or context.Canceled.
func (c Client) Registered(ctx context.Context, redirectURI string) error {
	address := c.AuthorizationURL(Authorization{RedirectURI: redirectURI, State: "preflight", Verifier: NewVerifier()})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return &auth.Error{Kind: auth.Misconfigured, Msg: "authorization endpoint", Err: err}
	}
	resp, err := newHTTPClient(c.HTTP).Do(req)
	if err != nil {
		return unreachable(ctx, "asking about "+redirectURI, err)
	}
	defer resp.Body.Close()
	location := resp.Header.Get("Location")
	switch {
	case strings.Contains(location, "redirect_mismatch"):
		return &auth.Error{Kind: auth.Misconfigured, Msg: redirectURI + " is not registered with the app client",
			Hint: "add it to the app client's callback URLs, exactly like this"}
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return &auth.Error{Kind: auth.Unavailable, Msg: fmt.Sprintf("asking about %s: status %d", redirectURI, resp.StatusCode),
			Hint: "try again later"}
	case resp.StatusCode >= 400 || strings.Contains(location, "/error?"):
		return &auth.Error{Kind: auth.Misconfigured, Msg: fmt.Sprintf("the provider refuses client %s with %s (status %d)", c.ID, redirectURI, resp.StatusCode),
			Hint: "check the client id and its callback URLs"}
	}
	return nil
}
