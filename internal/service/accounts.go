package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"photos/internal/accesskey"
	"photos/internal/photo"
	"photos/internal/store"
)

// AccountRows is what Accounts needs of the metadata store.
type AccountRows interface {
	Owner(ctx context.Context, pool, sub string) (string, error)
	Disabled(ctx context.Context, owner string) (bool, error)
	Usage(ctx context.Context, owner string) (store.Usage, error)
	Uploads(ctx context.Context, owner string) ([]store.Pending, error)

	Key(ctx context.Context, hash store.KeyHash) (store.KeyUse, error)
	NoteKeyUse(ctx context.Context, hash store.KeyHash) error
	CreateKey(ctx context.Context, owner string, k photo.AccessKey, hash store.KeyHash) (photo.AccessKey, error)
	Keys(ctx context.Context, owner string) ([]photo.AccessKey, error)
	RevokeKey(ctx context.Context, owner, name string) error
}

// Accounts finds out who calls, and manages access keys.
type Accounts struct {
	rows   AccountRows
	verify func(ctx context.Context, token string) (Identity, error)
	quota  store.Quota
	log    *slog.Logger
	cache  tokenCache
}

func newAccounts(c Config) *Accounts {
	return &Accounts{rows: c.Store, verify: c.Verify, quota: c.Limits.Quota, log: c.Log}
}

// Authenticate returns the caller that a token stands for: an access token of the user
// pool, or an access key. The error is of photo.KindNotSignedIn when the token is not
// valid, and of photo.KindForbidden when the account is disabled or the access key does
// not have the permission.
func (s *Accounts) Authenticate(ctx context.Context, token string, p Permission) (Caller, error) {
	find := s.user
	if accesskey.Looks(token) {
		find = s.machine
	}
	c, err := find(ctx, token)
	if err == nil {
		err = c.Check(p)
	}
	return c, err
}

// user returns the caller of an access token of the user pool. Each call asks whether the
// owner is disabled, so that a token in the cache ends at once.
func (s *Accounts) user(ctx context.Context, token string) (Caller, error) {
	c, ok := s.cache.find(token, time.Now())
	if !ok {
		id, err := s.verify(ctx, token)
		if photo.KindOf(err) == photo.KindUnavailable || ctx.Err() != nil {
			return Caller{}, fmt.Errorf("verify access token: %w", err)
		}
		if err != nil {
			return Caller{}, err
		}
		owner, err := s.rows.Owner(ctx, id.Pool, id.Subject)
		if err != nil {
			return Caller{}, err
		}
		c = Caller{Owner: owner, Identity: id}
		s.cache.add(token, c, time.Now())
	}
	disabled, err := s.rows.Disabled(ctx, c.Owner)
	if err == nil && disabled {
		err = errDisabled()
	}
	return c, err
}

func errDisabled() error {
	return &photo.Error{Kind: photo.KindForbidden, Msg: "this account is disabled", Hint: "the service's operator can enable it"}
}

// machine returns the caller of an access key. Each call reads the key's row, so that a
// revoked key ends at once.
func (s *Accounts) machine(ctx context.Context, secret string) (Caller, error) {
	if !accesskey.Valid(secret) {
		return Caller{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the access key is incomplete: its checksum is wrong", Hint: "copy it again, from the first character to the last"}
	}
	hash := store.KeyHash(accesskey.Hash(secret))
	use, err := s.rows.Key(ctx, hash)
	switch {
	case photo.KindOf(err) == photo.KindNotFound:
		return Caller{}, &photo.Error{
			Kind: photo.KindNotSignedIn, Msg: "the access key is no longer valid: it has expired or was revoked",
			Hint: "a signed-in user can create another one: photos key create",
		}
	case err != nil:
		return Caller{}, err
	case use.Disabled:
		return Caller{}, errDisabled()
	}
	s.recordUse(ctx, hash, use.Key)
	return Caller{Owner: use.Owner, Scope: use.Key.Scope, Identity: Identity{Pool: use.Pool, Subject: use.Subject, Expires: use.Key.ExpiresAt}}, nil
}

// recordUse stores when the key was used, about once a minute. If that fails, on a full
// disk for example, the key is valid all the same.
func (s *Accounts) recordUse(ctx context.Context, hash store.KeyHash, k photo.AccessKey) {
	if time.Since(k.LastUsedAt) < time.Minute {
		return
	}
	if err := s.rows.NoteKeyUse(ctx, hash); err != nil {
		s.log.WarnContext(ctx, "the use of an access key could not be recorded", "err", err)
	}
}

// Usage is what an owner has stored, and what the owner may store.
type Usage struct {
	store.Usage
	Uploads      int64 // unfinished ones
	UploadsBytes int64 // of the photos that they announce
	Quota        store.Quota
}

// Usage returns what the caller's owner has stored.
func (s *Accounts) Usage(ctx context.Context, by Caller) (Usage, error) {
	stored, err := s.rows.Usage(ctx, by.Owner)
	if err != nil {
		return Usage{}, err
	}
	pending, err := s.rows.Uploads(ctx, by.Owner)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{Usage: stored, Uploads: int64(len(pending)), Quota: s.quota}
	for _, p := range pending {
		u.UploadsBytes += p.Length
	}
	return u, nil
}

// Keys lists the access keys of the caller's owner, the oldest first.
func (s *Accounts) Keys(ctx context.Context, by Caller) ([]photo.AccessKey, error) {
	return s.rows.Keys(ctx, by.Owner)
}

// CreateKey creates an access key with a name, a scope and an expiry, which may be zero.
// It returns the secret, which is not stored: nobody can ask for it again. The same request with
// the same RequestKey returns the access key that is there, with the expiry that it has.
func (s *Accounts) CreateKey(ctx context.Context, by Caller, request RequestKey, k photo.AccessKey) (created photo.AccessKey, secret string, err error) {
	if err := request.check(); err != nil {
		return k, "", err
	}
	switch {
	case !photo.ValidKeyName(k.Name):
		return k, "", &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("%.80q is not a valid name of an access key", k.Name),
			Hint: fmt.Sprintf("use letters, digits, '.', '-' and '_', at most %d bytes, and begin with a letter or digit", photo.MaxKeyName),
		}
	case !k.Scope.Valid():
		return k, "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is not a scope of an access key", k.Scope), Hint: "it is read, upload or all"}
	}
	secret = accesskey.New()
	if request != "" {
		secret = repeatableKey(by.Owner, request, k)
	}
	created, err = s.rows.CreateKey(ctx, by.Owner, k, store.KeyHash(accesskey.Hash(secret)))
	if err != nil {
		return k, "", err
	}
	return created, secret, nil
}

// repeatableKey returns the secret that a request with a key gets each time. The expiry is left out:
// it may be counted from the time of the request.
func repeatableKey(owner string, request RequestKey, k photo.AccessKey) string {
	h := request.code("key", owner)
	fmt.Fprintf(h, "%s\x00%s\x00", k.Name, k.Scope)
	return accesskey.Of([accesskey.RandomBytes]byte(h.Sum(nil)))
}

// RevokeKey ends an access key at once.
func (s *Accounts) RevokeKey(ctx context.Context, by Caller, name string) error {
	return s.rows.RevokeKey(ctx, by.Owner, name)
}
