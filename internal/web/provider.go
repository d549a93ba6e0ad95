package web

import (
	"context"
	"strings"
	"sync"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// provider is the user pool as the pages use it. It reads the pool's endpoints when they are
// first needed, so that the service can start while the pool is away.
type provider struct {
	issuer, domain string
	client         oidc.Client // without its provider

	mu    sync.Mutex
	found *oidc.Provider
}

func newProvider(c Config) *provider {
	return &provider{issuer: c.Issuer, domain: c.Domain, client: oidc.Client{ID: c.ClientID, Secret: auth.NewSecret(c.Secret), Now: c.Now}}
}

const discoverTime = 10 * time.Second

// open returns the client with the endpoints of the pool.
func (p *provider) open(ctx context.Context) (oidc.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		ctx, cancel := context.WithTimeout(ctx, discoverTime)
		defer cancel()
		found, err := oidc.Discover(ctx, nil, p.issuer, p.domain)
		if err != nil {
			return oidc.Client{}, err
		}
		p.found = &found
	}
	client := p.client
	client.Provider = *p.found
	return client, nil
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
