package auth

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkRotationWindow is how long a rotated refresh token is in this process only: a
// SIGKILL in this time ends the session if the provider grants no grace.
func BenchmarkRotationWindow(b *testing.B) {
	s := NewSource(SourceOptions{Session: Session{Credential: "c"}, Store: NewFileStore(filepath.Join(b.TempDir(), "credentials"))})
	g := grant{
		access:  Token{Value: NewSecret(strings.Repeat("a", 1077)), Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)},
		refresh: NewSecret(strings.Repeat("r", 1852)),
	}
	for b.Loop() {
		if err := s.cred.setRefresh(b.Context(), g.refresh); err != nil {
			b.Fatal(err)
		}
	}
}
