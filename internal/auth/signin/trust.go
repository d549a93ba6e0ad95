package signin

import (
	"fmt"
	"net/url"
	"strings"

	"photos/internal/auth"
	"photos/internal/httpkit"
	"photos/internal/issuer"
)

// Offer is a provider and client that may be used to sign in to a service. [Offer.Check]
// decides whether they may. A hostile service can name an honest provider, whose pages
// the user knows, and collect tokens that another service of that provider would accept
// (a mix-up attack). So the decision depends on who named the provider.
type Offer struct {
	Server      string // the service, as auth.ParseServer returns it
	Issuer      string
	ClientID    string
	ByHand      bool   // the user gave both issuer and client id; otherwise the service named one of them
	HasSecret   bool   // the user gave a client secret
	TrustServer string // the host that the user trusts in advance (--trust-server), or empty
	Pins        []Pin  // from the profiles of this machine
}

// Pin says which provider and client a profile of this machine uses for a service.
type Pin struct {
	Server   string
	Issuer   string
	ClientID string
}

// Check returns nil if the provider may be used for the service. For an error of kind
// Unconfirmed, the caller may ask the user, who can confirm the offer as TrustServer
// does. Every other error is final.
func (o Offer) Check() error {
	server, err := auth.ParseAddress("service", o.Server)
	if err != nil {
		return err
	}
	provider, err := auth.ParseAddress("issuer", o.Issuer)
	if err != nil {
		return err
	}
	switch {
	case o.HasSecret && !o.ByHand:
		return &auth.Error{Kind: auth.Misconfigured, Msg: "a client secret was given without its issuer and client id",
			Hint: "set COGNITO_CLIENT_ID and COGNITO_POOL_ID (or COGNITO_ISSUER) too: a secret is never used for a provider the service names"}
	case o.ByHand, o.confirmedBefore():
		return nil
	}
	if other := o.pinnedElsewhere(); other != "" {
		return &auth.Error{Kind: auth.Untrusted,
			Msg:  fmt.Sprintf("%s names the provider and client that %s uses on this machine", o.Server, other),
			Hint: "a service that names the provider of another one may want its tokens; if you trust it, set COGNITO_ISSUER and COGNITO_CLIENT_ID"}
	}
	if httpkit.IsLoopback(server.Hostname()) && httpkit.IsLoopback(provider.Hostname()) {
		return nil
	}
	return o.confirm(server)
}

// confirm returns an error of kind Unconfirmed unless the user trusts the host.
func (o Offer) confirm(server *url.URL) error {
	if o.TrustServer != "" && strings.EqualFold(o.TrustServer, server.Host) {
		return nil
	}
	return &auth.Error{Kind: auth.Unconfirmed,
		Msg:  fmt.Sprintf("tokens of %s will be sent to %s", o.Issuer, server.Host),
		Hint: "without a terminal, confirm it with --trust-server " + server.Host}
}

// confirmedBefore reports whether a profile uses this provider and client for this
// service.
func (o Offer) confirmedBefore() bool {
	for _, p := range o.Pins {
		if p.Server == o.Server && issuer.Same(p.Issuer, o.Issuer) && p.ClientID == o.ClientID {
			return true
		}
	}
	return false
}

// pinnedElsewhere returns the first service on another origin for which a profile uses
// this issuer and client. It is empty if there is none.
func (o Offer) pinnedElsewhere() string {
	here, _ := auth.Origin(o.Server)
	for _, p := range o.Pins {
		there, err := auth.Origin(p.Server)
		if err == nil && there != here && issuer.Same(p.Issuer, o.Issuer) && p.ClientID == o.ClientID {
			return p.Server
		}
	}
	return ""
}
