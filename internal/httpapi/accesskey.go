package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"photos/internal/accesskey"
	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/store"
)

// need is what a request asks of an access key's scope. A signed-in user may do
// everything.
type need int

const (
	anyKey   need = iota // every scope will do
	toRead               // read or all
	toUpload             // upload or all
	toChange             // all
	userOnly             // no access key may do it
)

// allows returns why a key with this scope may not do what n asks; nil if it may.
func (n need) allows(scope photo.KeyScope) error {
	switch {
	case scope == "", n == anyKey, scope == photo.ScopeAll && n != userOnly,
		scope == photo.ScopeRead && n == toRead, scope == photo.ScopeUpload && n == toUpload:
		return nil
	case n == userOnly:
		return &photo.Error{Kind: photo.KindForbidden, Msg: "no access key may do this", Hint: "it takes a user who is signed in: photos login"}
	}
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: fmt.Sprintf("this access key may not do this: its scope is %s", scope),
		Hint: "photos key create --scope makes a key that may, where a user is signed in",
	}
}

// callerKey is where a request's context has its account.
type callerKey struct{}

// within returns ctx with the account as the caller.
func (a account) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, a)
}

// addOptions says what an upload of the context's caller may not do: a key that
// may only upload restores nothing.
func addOptions(ctx context.Context) []store.AddOption {
	if a, _ := ctx.Value(callerKey{}).(account); toChange.allows(a.scope) != nil {
		return []store.AddOption{store.NoRestore}
	}
	return nil
}

// machine returns the account that an access key stands for. The row decides at
// each request, so a key that is revoked ends at once.
func (s *Server) machine(w http.ResponseWriter, r *http.Request, token string) (account, error) {
	if !accesskey.Valid(token) {
		s.challenge(w, invalidToken)
		return account{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the access key is not whole: its checksum is wrong", Hint: "copy it again, from the first character to the last"}
	}
	hash := store.KeyHash(accesskey.Hash(token))
	use, err := s.Store.Key(r.Context(), hash)
	switch {
	case photo.KindOf(err) == photo.KindNotFound:
		s.challenge(w, invalidToken)
		return account{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the access key is no longer valid: it has expired or was revoked", Hint: "photos key create makes another, where a user is signed in"}
	case err != nil:
		return account{}, err
	case use.Disabled:
		return account{}, errDisabled()
	}
	s.noteUse(r.Context(), hash, use.Key)
	return account{owner: use.Owner, scope: use.Key.Scope, Identity: Identity{Pool: use.Pool, Subject: use.Subject, Expires: use.Key.ExpiresAt}}, nil
}

// noteUse notes when the key was used, about once a minute. Where that fails, on a
// full disk for example, the key is good all the same.
func (s *Server) noteUse(ctx context.Context, hash store.KeyHash, k photo.AccessKey) {
	if time.Since(k.LastUsedAt) < time.Minute {
		return
	}
	if err := s.Store.NoteKeyUse(ctx, hash); err != nil {
		s.Log.WarnContext(ctx, "the use of an access key was not noted", "err", err)
	}
}

func (s *Server) keys(w http.ResponseWriter, r *http.Request, a account) error {
	keys, err := s.Store.Keys(r.Context(), a.owner)
	if err != nil {
		return err
	}
	answer := api.AccessKeys{Keys: make([]api.AccessKey, len(keys))}
	for i, k := range keys {
		answer.Keys[i] = api.FromAccessKey(k)
	}
	return writeJSON(w, answer)
}

// createKey makes an access key. This answer is the only one that has the secret.
func (s *Server) createKey(w http.ResponseWriter, r *http.Request, a account) error {
	var req api.NewAccessKey
	if err := s.readJSON(w, r, 1, &req); err != nil {
		return err
	}
	switch {
	case !photo.ValidKeyName(req.Name):
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.80q is not a valid name of an access key", req.Name),
			Hint: fmt.Sprintf("letters, digits, '.', '-' and '_', at most %d bytes, a letter or digit first", photo.MaxKeyName)}
	case !req.Scope.Valid():
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is not a scope of an access key", req.Scope), Hint: "it is read, upload or all"}
	}
	secret := accesskey.New()
	k, err := s.Store.CreateKey(r.Context(), a.owner, photo.AccessKey{Name: req.Name, Scope: req.Scope, ExpiresAt: req.ExpiresAt}, store.KeyHash(accesskey.Hash(secret)))
	if err != nil {
		return err
	}
	return writeJSON(w, api.CreatedAccessKey{AccessKey: api.FromAccessKey(k), Secret: secret})
}

func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request, a account) error {
	if err := s.Store.RevokeKey(r.Context(), a.owner, r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
