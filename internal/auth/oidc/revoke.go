package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/auth"
)

// Revoke ends a refresh token at the provider (RFC 7009, section 2.1). A token that is
// not valid any more is not an error there. Access tokens that were obtained with it
// stay valid until they expire.
func (c Client) Revoke(ctx context.Context, refresh auth.Secret) error {
	form := url.Values{"token": {refresh.Reveal()}}
	if c.Secret.IsZero() {
		form.Set("client_id", c.ID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Provider.RevocationEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return &auth.Error{Kind: auth.Misconfigured, Msg: "address of the revocation endpoint", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !c.Secret.IsZero() {
		// RFC 6749, section 2.3.1, encodes both before they become Basic credentials.
		req.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret.Reveal()))
	}
	resp, err := newHTTPClient(c.HTTP).Do(req)
	if err != nil {
		return unreachable(ctx, "revoking the session", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &auth.Error{Kind: auth.Unavailable, Msg: fmt.Sprintf("revoking the session at %s: status %d", c.Provider.Domain(), resp.StatusCode)}
	}
	return nil
}

// LogoutURL returns the address at which a browser ends its own session at the provider
// (OpenID Connect RP-Initiated Logout 1.0, with Cognito's parameter names). The provider
// sends it on to returnTo, which must be a registered sign-out URL of the client.
func (p Provider) LogoutURL(clientID, returnTo string) string {
	return p.EndSessionEndpoint + "?" + url.Values{"client_id": {clientID}, "logout_uri": {returnTo}}.Encode()
}
