package signin

import (
	"strings"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

func TestAccessTokenInChunks(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, chunkBytes, chunkBytes + 1, maxChunks * chunkBytes} {
		store := newMemory()
		c := credential{id: "c", store: store}
		want := oidc.Token{Value: auth.NewSecret(strings.Repeat("x", size-1) + "y"), Obtained: time.Unix(1000, 0), Expiry: time.Unix(4600, 0)}
		if err := c.setAccess(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		for key, value := range store.entries {
			if len(value.Reveal()) > 2560 {
				t.Errorf("size %d: entry %s has %d bytes, Windows takes 2,560", size, key, len(value.Reveal()))
			}
		}
		got, err := c.access(t.Context())
		if err != nil || !got.Value.Equal(want.Value) || !got.Expiry.Equal(want.Expiry) || !got.Obtained.Equal(want.Obtained) {
			t.Errorf("size %d: got %d bytes, %v", size, len(got.Value.Reveal()), err)
		}
		if err := c.remove(t.Context()); err != nil || len(store.entries) != 0 {
			t.Errorf("size %d: after forget: %q, %v", size, store.keys(), err)
		}
	}
}

func TestTornAccessTokenCountsAsAbsent(t *testing.T) {
	t.Parallel()
	long := oidc.Token{Value: auth.NewSecret(strings.Repeat("x", 3*chunkBytes)), Obtained: time.Unix(1000, 0), Expiry: time.Unix(4600, 0)}
	for name, tear := range map[string]func(*memory){
		"chunk missing":   func(m *memory) { delete(m.entries, "c.access.2") },
		"chunk of others": func(m *memory) { m.entries["c.access.1"] = auth.NewSecret(strings.Repeat("z", chunkBytes)) },
		"head cut short":  func(m *memory) { m.entries["c.access"] = auth.NewSecret(m.entries["c.access"].Reveal()[:100]) },
		"head is foreign": func(m *memory) { m.entries["c.access"] = auth.NewSecret(`{"chunks":1000000,"token":"t"}`) },
		"head is empty":   func(m *memory) { m.entries["c.access"] = auth.Secret{} },
	} {
		store := newMemory()
		c := credential{id: "c", store: store}
		if err := c.setAccess(t.Context(), long); err != nil {
			t.Fatal(err)
		}
		tear(store)
		if got, err := c.access(t.Context()); err != nil || !got.Value.IsZero() {
			t.Errorf("%s: got %d bytes, %v; want nothing", name, len(got.Value.Reveal()), err)
		}
	}
}

func TestTooLongAccessTokenIsNotKept(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := credential{id: "c", store: store}
	if err := c.setAccess(t.Context(), oidc.Token{Value: auth.NewSecret(strings.Repeat("x", maxChunks*chunkBytes+1))}); err != nil {
		t.Fatal(err)
	}
	if len(store.entries) != 0 {
		t.Errorf("kept %q", store.keys())
	}
}
