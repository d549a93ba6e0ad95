// Package secret stores credentials, in the system's keyring ([KeyringStore]) or in
// files that only their owner can read ([FileStore]). It also reads and replaces other
// files that nobody else may touch.
package secret

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"photos/internal/auth"
)

// Store keeps secrets under keys of lower-case letters, digits, dots and dashes. Its
// errors are of kind Keyring, except for [ErrNoEntry] and context.Canceled. It is safe
// for concurrent use. What a successful Set wrote survives a crash of the program.
type Store interface {
	// Get returns the entry. The error is ErrNoEntry if there is none.
	Get(ctx context.Context, key string) (auth.Secret, error)
	// Set writes the entry and replaces an older one completely.
	Set(ctx context.Context, key string, value auth.Secret) error
	// Delete removes the entry. It is not an error if there is none.
	Delete(ctx context.Context, key string) error
	// Name returns "keyring" or "file", as profiles keep it.
	Name() string
}

// ErrNoEntry is the error of Get for a key that has no entry.
var ErrNoEntry = errors.New("no such entry")

// probeBytes is the size of the entry that Probe writes. A Cognito refresh token has
// about 1,850 bytes.
const probeBytes = 2000

// Probe checks that the store works: it writes an entry of the size of a refresh token,
// reads it and deletes it. Call it before a browser is opened, because a token that
// cannot be stored after the sign-in would be lost.
func Probe(ctx context.Context, store Store) error {
	key := "probe." + strings.ToLower(rand.Text())
	want := auth.NewSecret(strings.Repeat("photos", probeBytes/len("photos")+1)[:probeBytes])
	if err := store.Set(ctx, key, want); err != nil {
		return err
	}
	got, err := store.Get(ctx, key)
	if err == nil && !got.Equal(want) {
		err = &auth.Error{Kind: auth.Keyring, Msg: "the " + store.Name() + " does not return what was written to it"}
	}
	if err := store.Delete(ctx, key); err != nil {
		return err
	}
	return err
}
