package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// Store keeps secrets under keys of lower-case letters, digits, dots and dashes. Its
// errors are of kind Keyring, but for [ErrNoEntry] and a cancelled context's. It is
// safe for concurrent use; a Set that returned nil survives a crash of the program.
type Store interface {
	// Get returns the entry, or an error that is ErrNoEntry.
	Get(ctx context.Context, key string) (Secret, error)
	// Set writes the entry, replacing an older one whole.
	Set(ctx context.Context, key string, value Secret) error
	// Delete removes the entry; removing an absent one is no error.
	Delete(ctx context.Context, key string) error
	// Name is "keyring" or "file", as pinned in profiles.
	Name() string
}

// ErrNoEntry is what Get returns for a key that was never set.
var ErrNoEntry = errors.New("no such entry")

const (
	probeBytes = 2000             // a Cognito refresh token is some 1,850 bytes
	storeLimit = 30 * time.Second // a write that must not be lost may take this long
)

// Probe proves that the store works, by a write of the size of a refresh token, a read
// and a delete. It is for the time before a browser is opened: a token that cannot be
// kept afterwards would be thrown away.
func Probe(ctx context.Context, store Store) error {
	key := "probe." + strings.ToLower(rand.Text())
	want := NewSecret(strings.Repeat("photos", probeBytes/len("photos")+1)[:probeBytes])
	if err := store.Set(ctx, key, want); err != nil {
		return err
	}
	got, err := store.Get(ctx, key)
	if err == nil && !got.Equal(want) {
		err = &Error{Kind: Keyring, Msg: "the " + store.Name() + " does not give back what was put in"}
	}
	if err := store.Delete(ctx, key); err != nil {
		return err
	}
	return err
}
