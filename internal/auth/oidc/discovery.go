package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/auth"
	"photos/internal/issuer"
	"photos/internal/text"
)

// Provider has the addresses of an identity provider, as [Discover] returns them and as
// a profile keeps them. It holds no secret. All endpoints except JWKSURI have the same
// origin.
type Provider struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserInfoEndpoint      string `json:"userinfo_endpoint,omitempty"`
	RevocationEndpoint    string `json:"revocation_endpoint,omitempty"`
	EndSessionEndpoint    string `json:"end_session_endpoint,omitempty"`
	JWKSURI               string `json:"jwks_uri"`
}

// Domain returns the address below which the provider's pages are, in the form of
// COGNITO_DOMAIN: the authorization endpoint without /oauth2/authorize. It has a path
// if the authorization endpoint has a longer one.
func (p Provider) Domain() string {
	u, err := url.Parse(p.AuthorizationEndpoint)
	if err != nil {
		return ""
	}
	base, found := strings.CutSuffix(u.EscapedPath(), "/oauth2/authorize")
	if !found {
		return auth.OriginOf(u)
	}
	return auth.OriginOf(u) + base
}

// IssuerOfPool returns the issuer of the Cognito user pool with this ID. An ID that is
// not one is an error of kind Misconfigured.
func IssuerOfPool(id string) (string, error) {
	name, err := issuer.OfPool(id)
	if err != nil {
		return "", &auth.Error{Kind: auth.Misconfigured, Msg: text.Quote(id) + " is not a user pool id", Hint: "it looks like eu-west-1_AbCdEfGhI"}
	}
	return name, nil
}

// Same reports whether p and other are the same provider with the same endpoints. The
// two issuers of a Cognito pool count as equal, as do the key sets below them.
func (p Provider) Same(other Provider) bool {
	same := issuer.Same(p.Issuer, other.Issuer) && issuer.SameKeys(p.JWKSURI, other.JWKSURI)
	p.Issuer, p.JWKSURI = other.Issuer, other.JWKSURI
	return same && p == other
}

// Discover reads the discovery document of the issuer with this name (OpenID Connect
// Discovery 1.0, section 4) and checks it:
//
//   - Its issuer is name, or the other issuer of the same Cognito pool.
//   - Every address is https, or http on this machine.
//   - The authorization, token, user info, revocation and end-session endpoints have the
//     same origin. If domain is not empty (COGNITO_DOMAIN), they are on that domain.
//   - The key set is on the issuer's origin.
//
// Errors are of kind Untrusted, Misconfigured or Unavailable, or context.Canceled. A nil
// rt is http.DefaultTransport.
func Discover(ctx context.Context, rt http.RoundTripper, name, domain string) (Provider, error) {
	if _, err := auth.ParseAddress("issuer", name); err != nil {
		return Provider{}, err
	}
	var p Provider
	address := strings.TrimRight(name, "/") + "/.well-known/openid-configuration"
	if err := getJSON(ctx, rt, address, "the provider's discovery document", &p); err != nil {
		return Provider{}, err
	}
	if !issuer.Same(p.Issuer, name) {
		return Provider{}, &auth.Error{Kind: auth.Untrusted, Msg: fmt.Sprintf("issuer %s names itself %s", name, text.Quote(p.Issuer)),
			Hint: "give the issuer exactly as its tokens name it"}
	}
	if err := p.checkEndpoints(domain); err != nil {
		return Provider{}, err
	}
	return p.withDerived(), nil
}

// checkEndpoints checks that the endpoints belong together and are on domain.
func (p Provider) checkEndpoints(domain string) error {
	if u, err := url.Parse(p.AuthorizationEndpoint); err == nil && u.Hostname() == "" {
		return &auth.Error{Kind: auth.Misconfigured, Msg: "the provider has no sign-in pages (its authorization endpoint is " + text.Quote(p.AuthorizationEndpoint) + ")",
			Hint: "a Cognito user pool needs a domain: add one under Branding, Domain"}
	}
	authorize, err := auth.ParseAddress("authorization endpoint", p.AuthorizationEndpoint)
	if err != nil {
		return err
	}
	home := auth.OriginOf(authorize)
	for _, e := range []struct{ name, address string }{
		{"token endpoint", p.TokenEndpoint},
		{"user info endpoint", p.UserInfoEndpoint},
		{"revocation endpoint", p.RevocationEndpoint},
		{"end-session endpoint", p.EndSessionEndpoint},
	} {
		optional := e.name != "token endpoint"
		if optional && e.address == "" {
			continue
		}
		if err := sameOrigin(e.name, e.address, "authorization endpoint", home); err != nil {
			return err
		}
	}
	own, err := auth.ParseAddress("issuer", p.Issuer)
	if err != nil {
		return err
	}
	if !issuer.SameKeys(p.JWKSURI, p.Issuer+"/.well-known/jwks.json") {
		if err := sameOrigin("key set", p.JWKSURI, "issuer", auth.OriginOf(own)); err != nil {
			return err
		}
	}
	return checkDomain(domain, home, p.Domain())
}

// sameOrigin checks that the endpoint called name has the origin home, which is that of
// the endpoint called homeName.
func sameOrigin(name, address, homeName, home string) error {
	u, err := auth.ParseAddress(name, address)
	if err != nil {
		return err
	}
	if auth.OriginOf(u) != home {
		return &auth.Error{Kind: auth.Untrusted, Msg: fmt.Sprintf("%s is on %s, but the %s is on %s", name, auth.OriginOf(u), homeName, home),
			Hint: "is the provider an Amazon Cognito user pool? Other providers are not supported"}
	}
	return nil
}

// checkDomain checks that domain, which may lack a scheme or end with a slash, is where
// the endpoints are: their origin (home), or the address of the pages (base).
func checkDomain(domain, home, base string) error {
	if domain == "" {
		return nil
	}
	given, err := auth.ParseServer(domain)
	if err != nil {
		return err
	}
	if given != home && given != base {
		return &auth.Error{Kind: auth.Untrusted, Msg: fmt.Sprintf("the sign-in domain is set to %s, but the issuer's endpoints are on %s", given, base),
			Hint: "check COGNITO_DOMAIN and the pool it belongs to"}
	}
	return nil
}

// withDerived adds the revocation and end-session endpoints if the document lacks them.
// Cognito has them at fixed paths next to the authorization endpoint.
func (p Provider) withDerived() Provider {
	if p.RevocationEndpoint == "" {
		p.RevocationEndpoint = p.Domain() + "/oauth2/revoke"
	}
	if p.EndSessionEndpoint == "" {
		p.EndSessionEndpoint = p.Domain() + "/logout"
	}
	return p
}
