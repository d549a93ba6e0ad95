package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"photos/internal/api"
	"photos/internal/cognito"
	"photos/internal/redirect"
	"photos/internal/service"
	"photos/internal/userpool"
	"photos/internal/web"
)

// localPath is the prefix of the pages and endpoints of the local user pool. It keeps them apart from the
// paths of the service.
const localPath = "/pool"

// localClient is the app client of the command line in the local user pool. Its name must not change,
// because sessions belong to it.
const localClient = "photos-cli"

// localWebClient is the app client of the web pages in the local user pool. Its secret is another one in each run.
const localWebClient = "photos-web"

// signIn is the connection of the service to its user pool.
type signIn struct {
	resource api.ProtectedResource
	verify   func(ctx context.Context, token string) (service.Identity, error)
	web      web.Config              // how the web pages sign users in; the rest is filled in later
	pages    map[string]http.Handler // of the local user pool
	previous string                  // the former issuer of the local user pool, if it has changed
	close    func() error
}

// newCognito accepts the tokens of a Cognito user pool.
func newCognito(s *settings) (*signIn, error) {
	verifier, err := cognito.New(cognito.Config{Issuer: s.issuer, ClientIDs: s.clients(), Resource: s.baseURL})
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return &signIn{
		resource: published(s.baseURL, s.issuer, s.cliClientID, s.domain),
		verify:   identify(verifier),
		web:      web.Config{Issuer: s.issuer, Domain: s.domain, ClientID: s.clientID, Secret: s.secret, Providers: s.providerNames()},
		pages:    map[string]http.Handler{},
		close:    func() error { return nil },
	}, nil
}

func identify(v *cognito.Verifier) func(context.Context, string) (service.Identity, error) {
	return func(ctx context.Context, token string) (service.Identity, error) {
		c, err := v.Verify(ctx, token)
		return service.Identity{Pool: c.Pool, Subject: c.Subject, Expires: c.ExpiresAt}, err
	}
}

func published(baseURL, issuer, client, domain string) api.ProtectedResource {
	return api.ProtectedResource{
		Resource: baseURL, ResourceName: "photos",
		AuthorizationServers: []string{issuer}, ScopesSupported: []string{"openid"}, BearerMethods: []string{"header"},
		ClientID: client, Domain: domain, RedirectURIs: redirect.URIs(),
	}
}

// newLocal opens the local user pool and accepts its tokens.
func newLocal(ctx context.Context, s *settings, talk *talk) (*signIn, error) {
	secret := rand.Text()
	pool, err := userpool.Open(ctx, userpool.Config{
		BaseURL: s.baseURL + localPath, Path: filepath.Join(s.data, "userpool.db"), Out: talk, SMTP: s.smtp, SMTPFrom: s.smtpFrom,
		Rotation: s.rotation, RotationGrace: s.rotationGrace,
		Clients: []userpool.Client{
			{ID: localClient, RedirectURIs: redirect.URIs(), LogoutURIs: []string{s.baseURL + "/"}},
			{ID: localWebClient, Secret: secret, RedirectURIs: []string{s.baseURL + "/callback"}, LogoutURIs: []string{s.baseURL + "/"}, IdentityProviders: s.providerNames()},
		},
	})
	if err != nil {
		return nil, err
	}
	verifier, err := cognito.New(cognito.Config{
		Issuer: pool.Issuer(), ClientIDs: []string{localClient, localWebClient}, Resource: s.baseURL,
		Keys: pool.Keys(),
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sign-in: %w", err), pool.Close())
	}
	out := &signIn{
		resource: published(s.baseURL, pool.Issuer(), localClient, s.baseURL+localPath),
		web:      web.Config{Issuer: pool.Issuer(), ClientID: localWebClient, Secret: secret, Providers: s.providerNames()},
		verify:   identify(verifier), pages: map[string]http.Handler{}, close: pool.Close,
	}
	handler := pool.Handler()
	for _, path := range pool.Paths() {
		out.pages[localPath+path] = http.StripPrefix(localPath, handler)
	}
	out.endFormer(handler)
	if pool.PreviousIssuer() != pool.Issuer() {
		out.previous = pool.PreviousIssuer()
	}
	return out, nil
}

// endFormer adds the addresses that the local user pool had before it moved to localPath. Older sessions know
// only these. Refreshing such a session fails with an error that tells the user to run 'photos login'. Signing
// out works.
func (s *signIn) endFormer(pool http.Handler) {
	s.pages["POST /oauth2/token"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
	})
	s.pages["POST /oauth2/revoke"] = pool
}
