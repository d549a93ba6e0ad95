package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// credential has the entries of one session in a store, under a random id:
//
//	ID.refresh   the refresh token
//	ID.access    the access token with its times; most commands read only this entry
//	ID.access.1… the parts of the access token that do not fit into one entry
//	ID.client    the secret of a confidential client
type credential struct {
	id    string
	store secret.Store
}

// Windows allows 2,560 bytes per entry, and macOS about 2,900. This leaves room for the
// rest of the record.
const (
	chunkBytes = 2200
	maxChunks  = 4 // Cognito's access tokens have about 1,100 bytes
)

func newCredentialID() string { return strings.ToLower(rand.Text()) }

func (c credential) refreshKey() string { return c.id + ".refresh" }
func (c credential) accessKey() string  { return c.id + ".access" }
func (c credential) clientKey() string  { return c.id + ".client" }
func (c credential) chunkKey(i int) string {
	return fmt.Sprintf("%s.access.%d", c.id, i)
}

// refresh reads the refresh token. The error is of kind NotSignedIn if there is none.
func (c credential) refresh(ctx context.Context) (auth.Secret, error) {
	token, err := c.store.Get(ctx, c.refreshKey())
	if errors.Is(err, secret.ErrNoEntry) || err == nil && token.IsZero() {
		return auth.Secret{}, notSignedIn()
	}
	return token, err
}

func notSignedIn() error {
	return &auth.Error{Kind: auth.NotSignedIn, Msg: "not signed in", Hint: "photos login"}
}

func (c credential) setRefresh(ctx context.Context, token auth.Secret) error {
	return c.store.Set(ctx, c.refreshKey(), token)
}

// clientSecret reads the secret of a confidential client.
func (c credential) clientSecret(ctx context.Context) (auth.Secret, error) {
	value, err := c.store.Get(ctx, c.clientKey())
	if errors.Is(err, secret.ErrNoEntry) {
		return auth.Secret{}, notSignedIn()
	}
	return value, err
}

// client returns the app client of the session, with its secret if it has one.
func (c credential) client(ctx context.Context, s Session) (oidc.Client, error) {
	client := oidc.Client{Provider: s.Provider, ID: s.ClientID}
	if !s.Confidential {
		return client, nil
	}
	value, err := c.clientSecret(ctx)
	client.Secret = value
	return client, err
}

func (c credential) setClientSecret(ctx context.Context, value auth.Secret) error {
	return c.store.Set(ctx, c.clientKey(), value)
}

// accessRecord is the entry ID.access. Times are in Unix seconds. Sum is over the whole
// token, so that chunks of two writes are never taken for one token.
type accessRecord struct {
	Obtained int64  `json:"obtained"`
	Expires  int64  `json:"expires"`
	Chunks   int    `json:"chunks"`
	Sum      string `json:"sum"`
	Token    string `json:"token"` // the first chunk
}

// access reads the access token. If it is missing, incomplete or malformed, access
// returns the zero Token and no error, because the refresh token gives a new one.
func (c credential) access(ctx context.Context) (oidc.Token, error) {
	entry, err := c.store.Get(ctx, c.accessKey())
	if errors.Is(err, secret.ErrNoEntry) {
		return oidc.Token{}, nil
	}
	if err != nil {
		return oidc.Token{}, err
	}
	var r accessRecord
	if json.Unmarshal([]byte(entry.Reveal()), &r) != nil || r.Chunks < 1 || r.Chunks > maxChunks {
		return oidc.Token{}, nil //nolint:nilerr // a malformed entry counts as missing
	}
	for i := 1; i < r.Chunks; i++ {
		chunk, err := c.store.Get(ctx, c.chunkKey(i))
		if err != nil && !errors.Is(err, secret.ErrNoEntry) {
			return oidc.Token{}, err
		}
		r.Token += chunk.Reveal()
	}
	if tokenSum(r.Token) != r.Sum {
		return oidc.Token{}, nil
	}
	return oidc.Token{Value: auth.NewSecret(r.Token), Obtained: time.Unix(r.Obtained, 0), Expiry: time.Unix(r.Expires, 0)}, nil
}

// setAccess writes the access token, and the entry with its times last. It does not
// store a token that needs more than maxChunks entries.
func (c credential) setAccess(ctx context.Context, t oidc.Token) error {
	chunks := split(t.Value.Reveal(), chunkBytes)
	if len(chunks) > maxChunks {
		return c.store.Delete(ctx, c.accessKey())
	}
	for i := len(chunks) - 1; i > 0; i-- {
		if err := c.store.Set(ctx, c.chunkKey(i), auth.NewSecret(chunks[i])); err != nil {
			return err
		}
	}
	head, err := json.Marshal(accessRecord{
		Obtained: t.Obtained.Unix(), Expires: t.Expiry.Unix(),
		Chunks: len(chunks), Sum: tokenSum(t.Value.Reveal()), Token: chunks[0],
	})
	if err != nil {
		return &auth.Error{Kind: auth.Internal, Msg: "encoding the access token's entry", Err: err}
	}
	return c.store.Set(ctx, c.accessKey(), auth.NewSecret(string(head)))
}

// remove deletes every entry that may exist. It continues after a failure and returns
// all errors.
func (c credential) remove(ctx context.Context) error {
	keys := []string{c.refreshKey(), c.accessKey(), c.clientKey()}
	for i := 1; i < maxChunks; i++ {
		keys = append(keys, c.chunkKey(i))
	}
	var failed []error
	for _, key := range keys {
		if err := c.store.Delete(ctx, key); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// split cuts s into one or more pieces of at most size bytes.
func split(s string, size int) []string {
	var pieces []string
	for len(s) > size {
		pieces, s = append(pieces, s[:size]), s[size:]
	}
	return append(pieces, s)
}

// tokenSum returns a checksum of a token.
func tokenSum(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}
