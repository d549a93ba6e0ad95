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
	session := auth.Session{
		Credential: "0123456789abcdef", ClientID: "cli",
		Provider: auth.Provider{
			Issuer: provider.URL + "/pool", AuthorizationEndpoint: provider.URL + "/oauth2/authorize",
			TokenEndpoint: provider.URL + "/oauth2/token", JWKSURI: provider.URL + "/pool/.well-known/jwks.json",
		},
	}
	_, discovery := auth.Discover(t.Context(), http.DefaultTransport, session.Provider.Issuer, "")
	for name, err := range map[string]error{
		"discovery":      discovery,
		"authorization":  auth.Registered(t.Context(), http.DefaultTransport, session.Provider, "cli", "http://127.0.0.1:18484/callback"),
		"token endpoint": refreshAt(t, session),
	} {
		if err = fromAuth(err); photo.KindOf(err) != photo.KindUnavailable || !strings.Contains(photo.HintOf(err), "SSL_CERT_FILE") {
			t.Errorf("%s: %v, hint %q", name, err, photo.HintOf(err))
		}
	}
}

// refreshAt returns why a session cannot be refreshed.
func refreshAt(t *testing.T, session auth.Session) error {
	t.Helper()
	store := auth.NewFileStore(t.TempDir() + "/credentials")
	if err := store.Set(t.Context(), session.Credential+".refresh", auth.NewSecret("refresh")); err != nil {
		t.Fatal(err)
	}
	source := auth.NewSource(auth.SourceOptions{
		Session: session, Store: store, StateDir: t.TempDir(), Patience: time.Second, HTTP: http.DefaultTransport,
	})
	_, err := source.Token(t.Context())
	return err
}
