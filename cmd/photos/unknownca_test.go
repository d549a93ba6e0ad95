package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/photo"
)

// TestProviderOfAnUnknownAuthority: whatever is asked of a provider with a certificate of an authority that this machine
// does not know, the hint names SSL_CERT_FILE.
func TestProviderOfAnUnknownAuthority(t *testing.T) {
	t.Parallel()
	provider := httptest.NewUnstartedServer(http.NotFoundHandler())
	provider.Config.ErrorLog = log.New(io.Discard, "", 0)
	provider.StartTLS()
	defer provider.Close()
	session := signin.Session{
		Credential: "0123456789abcdef", ClientID: "cli",
		Provider: oidc.Provider{
			Issuer: provider.URL + "/pool", AuthorizationEndpoint: provider.URL + "/oauth2/authorize",
			TokenEndpoint: provider.URL + "/oauth2/token", JWKSURI: provider.URL + "/pool/.well-known/jwks.json",
		},
	}
	client := oidc.Client{Provider: session.Provider, ID: session.ClientID, HTTP: http.DefaultTransport}
	_, discovery := oidc.Discover(t.Context(), http.DefaultTransport, session.Provider.Issuer, "")
	for name, err := range map[string]error{
		"discovery":      discovery,
		"authorization":  client.Registered(t.Context(), "http://127.0.0.1:18484/callback"),
		"token endpoint": refreshAt(t, session),
	} {
		if err = fromAuth(err); photo.KindOf(err) != photo.KindUnavailable || !strings.Contains(photo.HintOf(err), "SSL_CERT_FILE") {
			t.Errorf("%s: %v, hint %q", name, err, photo.HintOf(err))
		}
	}
}

// refreshAt returns why a session cannot be refreshed.
func refreshAt(t *testing.T, session signin.Session) error {
	t.Helper()
	store := secret.NewFileStore(t.TempDir() + "/credentials")
	if err := store.Set(t.Context(), session.Credential+".refresh", auth.NewSecret("refresh")); err != nil {
		t.Fatal(err)
	}
	source := signin.NewSource(signin.SourceOptions{
		Session: session, Store: store, StateDir: t.TempDir(), Patience: time.Second, HTTP: http.DefaultTransport,
	})
	_, err := source.Token(t.Context())
	return err
}
