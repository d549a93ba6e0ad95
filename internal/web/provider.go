package web

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// provider is the user pool as the pages use it. It reads the pool's endpoints when they are
// first needed, so that the service can start while the pool is away.
type provider struct {
	issuer, domain string
	client         oidc.Client // without its provider

	asking  chan struct{} // has an element while a request asks for the endpoints
	pause   time.Duration // for so long, a failure is the answer to all requests
	current atomic.Pointer[discovered]
}

// discovered is the result of asking for the endpoints. It is never changed.
type discovered struct {
	oidc.Provider
	err error
	at  time.Time
}

func newProvider(c Config) *provider {
	return &provider{asking: make(chan struct{}, 1), pause: time.Second, issuer: c.Issuer, domain: c.Domain, client: oidc.Client{ID: c.ClientID, Secret: auth.NewSecret(c.Secret), Now: c.Now}}
}

const discoverTime = 10 * time.Second

// open returns the client with the endpoints of the pool. One request at a time asks for them, and those that
// wait for it get the same answer.
func (p *provider) open(ctx context.Context) (oidc.Client, error) {
	if !p.known() {
		select {
		case p.asking <- struct{}{}:
			defer func() { <-p.asking }()
		case <-ctx.Done():
			return oidc.Client{}, ctx.Err()
		}
		if !p.known() {
			p.discover(ctx)
		}
	}
	found := p.current.Load()
	client := p.client
	client.Provider = found.Provider
	return client, found.err
}

// known reports whether there is an answer, or a failure of a moment ago.
func (p *provider) known() bool {
	found := p.current.Load()
	return found != nil && (found.err == nil || time.Since(found.at) < p.pause)
}

// discover asks for the endpoints. It is for all requests, so it goes on if the one that caused it is cancelled.
func (p *provider) discover(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoverTime)
	defer cancel()
	found, err := oidc.Discover(ctx, nil, p.issuer, p.domain)
	p.current.Store(&discovered{Provider: found, err: err, at: time.Now()})
}

// Refresh implements session.Provider.
func (p *provider) Refresh(ctx context.Context, refresh auth.Secret) (oidc.Tokens, oidc.Outcome, error) {
	client, err := p.open(ctx)
	if err != nil {
		return oidc.Tokens{}, oidc.Outcome{}, err
	}
	return client.Refresh(ctx, refresh)
}

// Revoke implements session.Provider.
func (p *provider) Revoke(ctx context.Context, refresh auth.Secret) error {
	client, err := p.open(ctx)
	if err != nil {
		return err
	}
	return client.Revoke(ctx, refresh)
}

// providerButton leads straight to one identity provider of the pool.
type providerButton struct{ Name, Label string }

// newProviderButton gives a provider the label that its users know.
func newProviderButton(name string) providerButton {
	switch name {
	case "LoginWithAmazon":
		return providerButton{name, "Login with Amazon"}
	case "SignInWithApple":
		return providerButton{name, "Sign in with Apple"}
	}
	return providerButton{name, "Continue with " + name}
}

// isProviderName accepts the names that Cognito gives its identity providers.
func isProviderName(name string) bool {
	const most = 32
	return len(name) <= most && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
	}) < 0
}
