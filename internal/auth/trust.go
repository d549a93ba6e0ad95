package auth

import (
	"fmt"
	"net/url"
	"strings"

	"photos/internal/httpkit"
	"photos/internal/issuer"
)

// Offer is the question whether a provider that somebody named may be used for a
// service. A hostile service can name an honest provider, whose pages the person knows,
// and so collect the tokens another service of that provider would honour (mix-up). Who
// named the provider therefore decides.
type Offer struct {
	Server      string // the service, as ParseServer returns it
	Issuer      string
	ClientID    string
	ByHand      bool   // the person gave both issuer and client id; otherwise the service named one of them
	HasSecret   bool   // the person gave a client secret
	TrustServer string // the host the person trusts in advance (--trust-server), or empty
	Pins        []Pin  // what the profiles of this machine hold
}

// Pin says that a profile of this machine uses a provider for a service.
type Pin struct {
	Server   string
	Issuer   string
	ClientID string
}

// Judge decides the offer: nil means go ahead. An error of kind Unconfirmed is to be
// shown to a person, whose yes is as good as TrustServer; any other kind is final.
func (o Offer) Judge() error {
	server, err := parseSecure("service", o.Server)
	if err != nil {
		return err
	}
	provider, err := parseSecure("issuer", o.Issuer)
	if err != nil {
		return err
	}
	switch {
	case o.HasSecret && !o.ByHand:
		return &Error{Kind: Misconfigured, Msg: "a client secret was given without its issuer and client id",
			Hint: "set COGNITO_CLIENT_ID and COGNITO_POOL_ID (or COGNITO_ISSUER) too: a secret is never used for a provider the service names"}
	case o.ByHand, o.confirmedBefore():
		return nil
	}
	if other := o.pinnedElsewhere(); other != "" {
		return &Error{Kind: Untrusted,
			Msg:  fmt.Sprintf("%s names the provider and client that %s uses on this machine", o.Server, other),
			Hint: "a service that borrows another's sign-in may be after its tokens; if it is honest, give COGNITO_ISSUER and COGNITO_CLIENT_ID by hand"}
	}
	if httpkit.IsLoopback(server.Hostname()) && httpkit.IsLoopback(provider.Hostname()) {
		return nil
	}
	return o.confirm(server)
}

func (o Offer) confirm(server *url.URL) error {
	if o.TrustServer != "" && strings.EqualFold(o.TrustServer, server.Host) {
		return nil
	}
	return &Error{Kind: Unconfirmed,
		Msg:  fmt.Sprintf("tokens of %s will be sent to %s", o.Issuer, server.Host),
		Hint: "without a terminal, confirm it with --trust-server " + server.Host}
}

// confirmedBefore reports whether this very pair was accepted at an earlier login.
func (o Offer) confirmedBefore() bool {
	for _, p := range o.Pins {
		if p.Server == o.Server && issuer.Same(p.Issuer, o.Issuer) && p.ClientID == o.ClientID {
			return true
		}
	}
	return false
}

// pinnedElsewhere is the first other origin that uses this issuer and client.
func (o Offer) pinnedElsewhere() string {
	here, _ := Origin(o.Server)
	for _, p := range o.Pins {
		there, err := Origin(p.Server)
		if err == nil && there != here && issuer.Same(p.Issuer, o.Issuer) && p.ClientID == o.ClientID {
			return p.Server
		}
	}
	return ""
}
