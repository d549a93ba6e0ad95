package signin

import (
	"errors"
	"strings"
	"testing"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// TestRealCredentialManager stores secrets up to its limit of 2,560 bytes, and says what to do with a longer one.
func TestRealCredentialManager(t *testing.T) {
	t.Parallel()
	store := secret.NewKeyring(secret.KeyringOptions{Service: "photos-test"})
	if err := secret.Probe(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	largest := auth.NewSecret(strings.Repeat("x", 2560))
	if err := store.Set(t.Context(), "largest", largest); err != nil {
		t.Error(err)
	}
	if got, err := store.Get(t.Context(), "largest"); err != nil || !got.Equal(largest) {
		t.Errorf("%d characters, %v", len(got.Reveal()), err)
	}
	err := store.Set(t.Context(), "largest", auth.NewSecret(strings.Repeat("x", 2561)))
	if e, ok := errors.AsType[*auth.Error](err); !ok || !strings.Contains(e.Msg, "the token is too large for this keyring") || !strings.Contains(e.Hint, "--insecure-storage") {
		t.Errorf("a token that is too long: %v", err)
	}
	if err := store.Delete(t.Context(), "largest"); err != nil {
		t.Error(err)
	}
	if _, err := store.Get(t.Context(), "largest"); !errors.Is(err, secret.ErrNoEntry) {
		t.Errorf("after the removal: %v", err)
	}
}
