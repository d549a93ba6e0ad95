package auth

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
)

// Token is an access token.
type Token struct {
	Value    Secret
	Obtained time.Time // when it arrived, by this machine's clock
	Expiry   time.Time // Obtained plus the lifetime the provider gave
}

const (
	mostMargin = time.Minute // a token is not handed out this close to its end
	clockJump  = time.Minute // a clock set back further than this makes a token's times worthless
)

// fresh reports whether the token may still be handed out at now.
func (t Token) fresh(now time.Time) bool {
	margin := min(mostMargin, t.Expiry.Sub(t.Obtained)/5)
	return !t.Value.IsZero() && now.Before(t.Expiry.Add(-margin)) && now.After(t.Obtained.Add(-clockJump))
}

// credential is one sign-in's entries in a store, named by a random id:
//
//	ID.refresh   the refresh token
//	ID.access    the access token with its times, so that the common case is one read
//	ID.access.1… what of it does not fit into one entry
//	ID.client    the client secret, of a confidential client
type credential struct {
	id    string
	store Store
}

// Windows takes 2,560 bytes an entry, macOS some 2,900; this leaves room for the rest
// of the record.
const (
	chunkBytes = 2200
	maxChunks  = 4 // Cognito's access tokens are some 1,100 bytes
)

func newCredentialID() string { return strings.ToLower(rand.Text()) }

func (c credential) refreshKey() string { return c.id + ".refresh" }
func (c credential) accessKey() string  { return c.id + ".access" }
func (c credential) clientKey() string  { return c.id + ".client" }
func (c credential) chunkKey(i int) string {
	return fmt.Sprintf("%s.access.%d", c.id, i)
}

// refresh reads the refresh token; without one there is no session.
func (c credential) refresh(ctx context.Context) (Secret, error) {
	token, err := c.store.Get(ctx, c.refreshKey())
	if errors.Is(err, ErrNoEntry) || err == nil && token.IsZero() {
		return Secret{}, notSignedIn()
	}
	return token, err
}

func notSignedIn() error {
	return &Error{Kind: NotSignedIn, Msg: "not signed in", Hint: "photos login"}
}

func (c credential) setRefresh(ctx context.Context, token Secret) error {
	return c.store.Set(ctx, c.refreshKey(), token)
}

// clientSecret reads the confidential client's secret.
func (c credential) clientSecret(ctx context.Context) (Secret, error) {
	secret, err := c.store.Get(ctx, c.clientKey())
	if errors.Is(err, ErrNoEntry) {
		return Secret{}, notSignedIn()
	}
	return secret, err
}

func (c credential) setClientSecret(ctx context.Context, secret Secret) error {
	return c.store.Set(ctx, c.clientKey(), secret)
}

// accessRecord is the entry ID.access. Times are Unix seconds. Sum covers the whole
// token, so that chunks of two writes never make a token.
type accessRecord struct {
	Obtained int64  `json:"obtained"`
	Expires  int64  `json:"expires"`
	Chunks   int    `json:"chunks"`
	Sum      string `json:"sum"`
	Token    string `json:"token"` // the first chunk
}

// access reads the access token. An absent, torn or unreadable one is the zero Token
// and no error: it can be had again for the refresh token.
func (c credential) access(ctx context.Context) (Token, error) {
	entry, err := c.store.Get(ctx, c.accessKey())
	if errors.Is(err, ErrNoEntry) {
		return Token{}, nil
	}
	if err != nil {
		return Token{}, err
	}
	var r accessRecord
	if json.Unmarshal([]byte(entry.Reveal()), &r) != nil || r.Chunks < 1 || r.Chunks > maxChunks {
		return Token{}, nil //nolint:nilerr // what does not parse counts as absent
	}
	for i := 1; i < r.Chunks; i++ {
		chunk, err := c.store.Get(ctx, c.chunkKey(i))
		if err != nil && !errors.Is(err, ErrNoEntry) {
			return Token{}, err
		}
		r.Token += chunk.Reveal()
	}
	if tokenSum(r.Token) != r.Sum {
		return Token{}, nil
	}
	return Token{Value: NewSecret(r.Token), Obtained: time.Unix(r.Obtained, 0), Expiry: time.Unix(r.Expires, 0)}, nil
}

// setAccess writes the access token, its head last. One too large to be kept is not
// kept.
func (c credential) setAccess(ctx context.Context, t Token) error {
	chunks := split(t.Value.Reveal(), chunkBytes)
	if len(chunks) > maxChunks {
		return c.store.Delete(ctx, c.accessKey())
	}
	for i := len(chunks) - 1; i > 0; i-- {
		if err := c.store.Set(ctx, c.chunkKey(i), NewSecret(chunks[i])); err != nil {
			return err
		}
	}
	head, err := json.Marshal(accessRecord{
		Obtained: t.Obtained.Unix(), Expires: t.Expiry.Unix(),
		Chunks: len(chunks), Sum: tokenSum(t.Value.Reveal()), Token: chunks[0],
	})
	if err != nil {
		return &Error{Kind: Internal, Msg: "encoding the access token's entry", Err: err}
	}
	return c.store.Set(ctx, c.accessKey(), NewSecret(string(head)))
}

// forget deletes every entry there may be; it goes on after a failure and returns all
// of them.
func (c credential) forget(ctx context.Context) error {
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

// split cuts s into pieces of at most size bytes; at least one piece.
func split(s string, size int) []string {
	var pieces []string
	for len(s) > size {
		pieces, s = append(pieces, s[:size]), s[size:]
	}
	return append(pieces, s)
}

func tokenSum(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}
