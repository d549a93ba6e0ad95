package signin

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// BenchmarkRotationWindow measures how long a rotated refresh token is only in this process. A SIGKILL
// in this time ends the session if there is no grace period.
func BenchmarkRotationWindow(b *testing.B) {
	s := NewSource(SourceOptions{Session: Session{Credential: "c"}, Store: secret.NewFileStore(filepath.Join(b.TempDir(), "credentials"))})
	g := oidc.Tokens{
		Access:  oidc.Token{Value: auth.NewSecret(strings.Repeat("a", 1077)), Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)},
		Refresh: auth.NewSecret(strings.Repeat("r", 1852)),
	}
	for b.Loop() {
		if err := s.cred.setRefresh(b.Context(), g.Refresh); err != nil {
			b.Fatal(err)
		}
	}
}
