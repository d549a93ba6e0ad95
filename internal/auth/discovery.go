package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/issuer"
	"photos/internal/text"
)

// Provider is what a profile pins of an identity provider: plain data, nothing secret.
// All endpoints but JWKSURI share one origin.
type Provider struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	UserInfoEndpoint      string `json:"userinfo_endpoint,omitempty"`
	RevocationEndpoint    string `json:"revocation_endpoint,omitempty"`
	EndSessionEndpoint    string `json:"end_session_endpoint,omitempty"`
	JWKSURI               string `json:"jwks_uri"`
}

// Domain returns where the provider's pages are, as COGNITO_DOMAIN names it: the authorization endpoint without
// /oauth2/authorize. It has a path when that one stands below a path.
func (p Provider) Domain() string {
	u, err := url.Parse(p.AuthorizationEndpoint)
	if err != nil {
		return ""
	}
	base, found := strings.CutSuffix(u.EscapedPath(), "/oauth2/authorize")
	if !found {
		return origin(u)
	}
	return origin(u) + base
}

// IssuerOfPool returns the issuer of a Cognito user pool.
func IssuerOfPool(id string) (string, error) {
	name, err := issuer.OfPool(id)
	if err != nil {
		return "", &Error{Kind: Misconfigured, Msg: text.Quote(id) + " is not a user pool id", Hint: "it looks like eu-west-1_AbCdEfGhI"}
	}
	return name, nil
}

// Same reports whether p and other are one provider with the same endpoints. The two
// issuers of a Cognito pool, and the key sets below them, count as equal.
func (p Provider) Same(other Provider) bool {
	same := issuer.Same(p.Issuer, other.Issuer) && issuer.SameKeys(p.JWKSURI, other.JWKSURI)
	p.Issuer, p.JWKSURI = other.Issuer, other.JWKSURI
	return same && p == other
}

// Discover reads the issuer's OpenID Connect discovery document (OpenID Connect
// Discovery 1.0, section 4) and checks it: its issuer is the one asked for, or the other
// form of the same Cognito pool; every address is https, or on this machine; authorization, token, user
// info, revocation and end-session endpoints share one origin, which a given domain
// (COGNITO_DOMAIN, may be empty) must be; the keys lie with the issuer.
func Discover(ctx context.Context, rt http.RoundTripper, name, domain string) (Provider, error) {
	if _, err := parseSecure("issuer", name); err != nil {
		return Provider{}, err
	}
	var p Provider
	address := strings.TrimRight(name, "/") + "/.well-known/openid-configuration"
	if err := getJSON(ctx, rt, address, "the provider's discovery document", &p); err != nil {
		return Provider{}, err
	}
	if !issuer.Same(p.Issuer, name) {
		return Provider{}, &Error{Kind: Untrusted, Msg: fmt.Sprintf("issuer %s calls itself %s", name, text.Quote(p.Issuer)),
			Hint: "give the issuer exactly as its tokens name it"}
	}
	if err := p.checkEndpoints(domain); err != nil {
		return Provider{}, err
	}
	return p.withDerived(), nil
}

// checkEndpoints holds the endpoints against each other and against domain.
func (p Provider) checkEndpoints(domain string) error {
	if u, err := url.Parse(p.AuthorizationEndpoint); err == nil && u.Hostname() == "" {
		return &Error{Kind: Misconfigured, Msg: "the provider has no sign-in pages (its authorization endpoint is " + text.Quote(p.AuthorizationEndpoint) + ")",
			Hint: "a Cognito user pool needs a domain: add one under Branding, Domain"}
	}
	authorize, err := parseSecure("authorization endpoint", p.AuthorizationEndpoint)
	if err != nil {
		return err
	}
	home := origin(authorize)
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
	own, err := parseSecure("issuer", p.Issuer)
	if err != nil {
		return err
	}
	if !issuer.SameKeys(p.JWKSURI, p.Issuer+"/.well-known/jwks.json") {
		if err := sameOrigin("key set", p.JWKSURI, "issuer", origin(own)); err != nil {
			return err
		}
	}
	return checkDomain(domain, home, p.Domain())
}

func sameOrigin(name, address, homeName, home string) error {
	u, err := parseSecure(name, address)
	if err != nil {
		return err
	}
	if origin(u) != home {
		return &Error{Kind: Untrusted, Msg: fmt.Sprintf("%s is on %s, but the %s is on %s", name, origin(u), homeName, home),
			Hint: "the provider's discovery document is not one of Amazon Cognito's kind"}
	}
	return nil
}

// checkDomain holds COGNITO_DOMAIN as people paste it, with or without a scheme or a
// slash at the end, against where the endpoints are. Their origin alone is enough.
func checkDomain(domain, home, base string) error {
	if domain == "" {
		return nil
	}
	given, err := ParseServer(domain)
	if err != nil {
		return err
	}
	if given != home && given != base {
		return &Error{Kind: Untrusted, Msg: fmt.Sprintf("the sign-in domain given is %s, but the issuer's endpoints are on %s", given, base),
			Hint: "check COGNITO_DOMAIN and the pool it belongs to"}
	}
	return nil
}

// withDerived adds what Cognito's document may leave out: the revocation and
// end-session endpoints have fixed paths beside the authorization endpoint.
func (p Provider) withDerived() Provider {
	if p.RevocationEndpoint == "" {
		p.RevocationEndpoint = p.Domain() + "/oauth2/revoke"
	}
	if p.EndSessionEndpoint == "" {
		p.EndSessionEndpoint = p.Domain() + "/logout"
	}
	return p
}
