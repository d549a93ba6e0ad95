package signin

import (
	"testing"

	"photos/internal/auth"
)

const (
	poolIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
	otherForm  = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"
)

func TestTrust(t *testing.T) {
	t.Parallel()
	const server, client = "https://photos.example", "cli"
	pinned := func(server, issuer string) []Pin { return []Pin{{Server: server, Issuer: issuer, ClientID: client}} }
	for name, test := range map[string]struct {
		offer Offer
		kind  auth.Kind // empty: go ahead
	}{
		"the service names it":               {Offer{}, auth.Unconfirmed},
		"given by hand":                      {Offer{ByHand: true}, ""},
		"given by hand, pinned elsewhere":    {Offer{ByHand: true, Pins: pinned("https://other.example", poolIssuer)}, ""},
		"trusted in advance":                 {Offer{TrustServer: "photos.example"}, ""},
		"another one trusted":                {Offer{TrustServer: "other.example"}, auth.Unconfirmed},
		"confirmed before":                   {Offer{Pins: pinned(server, poolIssuer)}, ""},
		"confirmed before, other form":       {Offer{Pins: pinned(server, otherForm)}, ""},
		"confirmed before, other client":     {Offer{Pins: []Pin{{server, poolIssuer, "other"}}}, auth.Unconfirmed},
		"pinned elsewhere":                   {Offer{Pins: pinned("https://other.example", poolIssuer)}, auth.Untrusted},
		"pinned elsewhere, other form":       {Offer{Pins: pinned("https://other.example", otherForm)}, auth.Untrusted},
		"pinned elsewhere, though trusted":   {Offer{Pins: pinned("https://other.example", poolIssuer), TrustServer: "photos.example"}, auth.Untrusted},
		"pinned to another path of it":       {Offer{Pins: pinned(server+"/b", poolIssuer)}, auth.Unconfirmed},
		"both on this machine":               {Offer{Server: "http://127.0.0.1:8080", Issuer: "http://localhost:8080/local_x"}, ""},
		"both here, pinned elsewhere here":   {Offer{Server: "http://127.0.0.1:8080", Issuer: "http://localhost:9000/local_x", Pins: pinned("http://127.0.0.1:9000", "http://localhost:9000/local_x")}, auth.Untrusted},
		"service here, provider on the net":  {Offer{Server: "http://127.0.0.1:8080"}, auth.Unconfirmed},
		"service on the net, provider here":  {Offer{Issuer: "http://127.0.0.1:8080/pool"}, auth.Unconfirmed},
		"secret for what the service names":  {Offer{HasSecret: true, TrustServer: "photos.example"}, auth.Misconfigured},
		"secret with everything by hand":     {Offer{HasSecret: true, ByHand: true}, ""},
		"provider in plain http on the net":  {Offer{Issuer: "http://cognito.example"}, auth.Misconfigured},
		"service in plain http on the net":   {Offer{Server: "http://photos.example", ByHand: true}, auth.Misconfigured},
		"host that only looks like loopback": {Offer{Server: "https://localhost.example", Issuer: "http://localhost:1/p"}, auth.Unconfirmed},
	} {
		o := test.offer
		if o.Server == "" {
			o.Server = server
		}
		if o.Issuer == "" {
			o.Issuer = poolIssuer
		}
		o.ClientID = client
		err := o.Check()
		if (err == nil) != (test.kind == "") || err != nil && auth.KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %q", name, err, test.kind)
		}
	}
}
