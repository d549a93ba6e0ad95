package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"photos/internal/api"
	"photos/internal/cognito"
	"photos/internal/httpkit"
	"photos/internal/issuer"
	"photos/internal/server"
	"photos/internal/userpool"
)

// localPath is where the pages and endpoints of the local user pool are, so that they are not in the way of the
// service's own.
const localPath = "/pool"

// localClient is the app client of the command line in the local user pool. Its
// name never changes: sessions are bound to it.
const localClient = "photos-cli"

// redirectURIs are where the browser may lead back to the command line. Cognito
// compares them to the letter, ports included, so there is a handful of them.
func redirectURIs() []string {
	const first, last = 18484, 18489
	var uris []string
	for _, host := range []string{"127.0.0.1", "localhost"} {
		for port := first; port <= last; port++ {
			uris = append(uris, fmt.Sprintf("http://%s:%d/callback", host, port))
		}
	}
	return uris
}

// signIn is who signs people in, and how the service knows.
type signIn struct {
	resource api.ProtectedResource
	verify   func(ctx context.Context, token string) (server.Identity, error)
	pages    map[string]http.Handler // of the local user pool
	previous string                  // issuer of the local user pool before it moved here
	close    func() error
}

// checkSignIn completes the settings of a Cognito user pool, as people copy them
// from the console, and refuses half of them.
func (s *settings) checkSignIn() error {
	if s.poolID == "" && s.issuer == "" {
		for name, value := range map[string]string{"--domain": s.domain, "--client-id": s.clientID, "--cli-client-id": s.cliClientID, "--self-registration": s.selfRegistration} {
			if value != "" {
				return badSetting("%s is given, but no user pool: --pool-id or --issuer is missing", name)
			}
		}
		return nil
	}
	switch s.selfRegistration {
	case "", "open", "closed":
	default:
		return badSetting("--self-registration is open or closed, not %q", s.selfRegistration)
	}
	if s.cliClientID == "" {
		s.cliClientID = s.clientID
	}
	if s.cliClientID == "" {
		return badSetting("the user pool's app client is missing: --client-id")
	}
	if s.issuer == "" {
		var err error
		if s.issuer, err = issuer.OfPool(s.poolID); err != nil {
			return badSetting("--pool-id %q is not like eu-west-1_AbCdEfGhI", s.poolID)
		}
	}
	if id, ok := issuer.Pool(s.issuer); ok && s.poolID != "" && id != s.poolID {
		return badSetting("--pool-id is %s, but --issuer is that of %s", s.poolID, id)
	}
	if !isWebAddress(s.issuer) {
		return badSetting("--issuer %q is not an address", s.issuer)
	}
	if !isSecure(s.issuer) {
		return badSetting("--issuer %q is not https: anybody on the way could send other keys", s.issuer)
	}
	if s.domain = strings.TrimRight(s.domain, "/"); s.domain != "" && !strings.Contains(s.domain, "://") {
		s.domain = "https://" + s.domain
	}
	if s.domain != "" && !isWebAddress(s.domain) {
		return badSetting("--domain %q is not an address", s.domain)
	}
	if s.domain != "" && !isSecure(s.domain) {
		return badSetting("--domain %q is not https: photos would refuse it", s.domain)
	}
	return nil
}

// local reports whether the service signs people in itself.
func (s *settings) local() bool { return s.issuer == "" }

// checkLocal keeps the local user pool to this machine: it asks nobody for a
// second factor, and its links are shown to whoever looks.
func (s *settings) checkLocal() error {
	const hint = "; give a Cognito user pool (--pool-id, --client-id) to serve others"
	host, _, _ := net.SplitHostPort(s.listen)
	switch {
	case !s.local():
		return nil
	case !httpkit.IsLoopback(host):
		return badSetting("--listen %s is open to other machines, and the own user pool is for this one alone%s", s.listen, hint)
	case s.databaseURL != "" && !strings.HasPrefix(s.databaseURL, "sqlite:"):
		return badSetting("--database-url is shared with other machines, and the own user pool is for this one alone%s", hint)
	}
	base, err := url.Parse(s.baseURL)
	if err != nil || s.baseURL != "" && !httpkit.IsLoopback(base.Hostname()) {
		return badSetting("--base-url %s is for other machines, and the own user pool is for this one alone%s", s.baseURL, hint)
	}
	return nil
}

// isSecure reports whether an address is https, or on this machine.
func isSecure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || httpkit.IsLoopback(u.Hostname()))
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
		close:    func() error { return nil },
	}, nil
}

// clients are the app clients whose tokens are good.
func (s *settings) clients() []string {
	if s.clientID == "" || s.clientID == s.cliClientID {
		return []string{s.cliClientID}
	}
	return []string{s.clientID, s.cliClientID}
}

func identify(v *cognito.Verifier) func(context.Context, string) (server.Identity, error) {
	return func(ctx context.Context, token string) (server.Identity, error) {
		c, err := v.Verify(ctx, token)
		return server.Identity{Pool: c.Pool, Subject: c.Subject, Expires: c.ExpiresAt}, err
	}
}

func published(baseURL, issuer, client, domain string) api.ProtectedResource {
	return api.ProtectedResource{
		Resource: baseURL, ResourceName: "photos",
		AuthorizationServers: []string{issuer}, ScopesSupported: []string{"openid"}, BearerMethods: []string{"header"},
		ClientID: client, Domain: domain, RedirectURIs: redirectURIs(),
	}
}

// newLocal opens the local user pool and accepts its tokens.
func newLocal(ctx context.Context, s *settings, talk *talk) (*signIn, error) {
	pool, err := userpool.Open(ctx, userpool.Config{
		BaseURL: s.baseURL + localPath, Path: filepath.Join(s.data, "userpool.db"), Talk: talk, SMTP: s.smtp, SMTPFrom: s.smtpFrom,
		Rotation: s.rotation, RotationGrace: s.rotationGrace,
		Clients: []userpool.Client{{ID: localClient, RedirectURIs: redirectURIs(), LogoutURIs: []string{s.baseURL + "/"}}},
	})
	if err != nil {
		return nil, err
	}
	keys := pool.Keys()
	verifier, err := cognito.New(cognito.Config{
		Issuer: pool.Issuer(), ClientIDs: []string{localClient}, Resource: s.baseURL,
		Keys: func(t *jwt.Token) (any, error) {
			id, _ := t.Header["kid"].(string)
			if key, ok := keys(id); ok {
				return key, nil
			}
			return nil, fmt.Errorf("no key %.40q", id)
		},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sign-in: %w", err), pool.Close())
	}
	out := &signIn{
		resource: published(s.baseURL, pool.Issuer(), localClient, s.baseURL+localPath),
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

// endFormer answers at the addresses that the local user pool had before it moved to localPath. Sessions from
// then know no others: they end with an error that sends the user to photos login, and signing out works.
func (s *signIn) endFormer(pool http.Handler) {
	s.pages["POST /oauth2/token"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
	})
	s.pages["POST /oauth2/revoke"] = pool
}
