package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func accountTests() []test {
	return []test{
		{"an access key is found by its hash", findsKey},
		{"an access key is created once", createsKeyOnce},
		{"a key's name is the owner's own", keyNames},
		{"keys are listed and revoked", listsKeys},
		{"an expired key is not found", keyExpires},
		{"the use of a key is noted", notesUse},
		{"keys are few", keysAreFew},
		{"an owner is disabled and enabled", disables},
		{"accounts are listed", listsAccounts},
		{"without restoring", addsWithoutRestoring},
	}
}

func hash(i int) store.KeyHash { return store.KeyHash(numbered(i).ID) }

func createKey(t tester, s store.Store, owner, name string, i int) photo.AccessKey {
	t.Helper()
	k, err := s.CreateKey(t.Context(), owner, photo.AccessKey{Name: name, Scope: photo.ScopeUpload}, hash(i))
	must(t, err)
	return k
}

func findsKey(t *testing.T, open Opener) {
	s := open(t)
	alice := anOwner(t, s, "alice")
	anOwner(t, s, "bob")
	k := createKey(t, s, alice, "nas", 1)
	recent(t, "CreatedAt", k.CreatedAt)
	same(t, "created", photo.AccessKey{Name: "nas", Scope: photo.ScopeUpload, CreatedAt: k.CreatedAt}, k)
	got, err := open(t).Key(t.Context(), hash(1))
	must(t, err)
	same(t, "found", store.KeyUse{Owner: alice, Pool: "pool", Subject: "alice", Key: k}, got)
	_, err = s.Key(t.Context(), hash(2))
	wantKind(t, "Key that never was", err, photo.KindNotFound)
	_, err = s.CreateKey(t.Context(), "99999999-9999-4999-8999-999999999999", photo.AccessKey{Name: "x", Scope: photo.ScopeAll}, hash(3))
	wantKind(t, "CreateKey for nobody", err, photo.KindNotFound)
}

// A request that is repeated finds the access key that it made, also when there are as many as there
// may be. A key that was revoked is not there any more.
func createsKeyOnce(t *testing.T, open Opener) {
	s := open(t)
	alice := anOwner(t, s, "alice")
	made := createKey(t, s, alice, "nas", 1)
	var calls sync.WaitGroup
	for i := range 4 {
		calls.Go(func() {
			other := photo.AccessKey{Name: "nas", Scope: photo.ScopeUpload, ExpiresAt: time.Now().Add(time.Duration(i+1) * time.Hour)}
			again, err := s.CreateKey(t.Context(), alice, other, hash(1))
			if err != nil {
				t.Errorf("again: %v", err)
			}
			same(t, "created again", made, again)
		})
	}
	calls.Wait()
	for i := range photo.MaxKeys - 1 {
		createKey(t, s, alice, fmt.Sprint("k", i), 10+i)
	}
	same(t, "created again among many", made, createKey(t, s, alice, "nas", 1))
	keys, err := s.Keys(t.Context(), alice)
	must(t, err)
	if len(keys) != photo.MaxKeys {
		t.Errorf("there are %d keys", len(keys))
	}
	if _, err := s.CreateKey(t.Context(), anOwner(t, s, "bob"), made, hash(1)); err == nil {
		t.Error("another owner got the key")
	}
	must(t, s.RevokeKey(t.Context(), alice, "nas"))
	if again := createKey(t, s, alice, "nas", 1); !again.CreatedAt.After(made.CreatedAt) {
		t.Errorf("created again after it was revoked: %+v", again)
	}
}

func keyNames(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	createKey(t, s, alice, "nas", 1)
	createKey(t, s, bob, "nas", 2)
	_, err := s.CreateKey(t.Context(), alice, photo.AccessKey{Name: "nas", Scope: photo.ScopeAll}, hash(3))
	wantKind(t, "CreateKey with a name in use", err, photo.KindConflict)
	must(t, s.RevokeKey(t.Context(), bob, "nas"))
	if got, err := s.Key(t.Context(), hash(1)); err != nil || got.Owner != alice {
		t.Errorf("Key = %+v, %v", got, err)
	}
}

func listsKeys(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := []photo.AccessKey{createKey(t, s, owner, "a", 1), createKey(t, s, owner, "b", 2)}
	got, err := s.Keys(t.Context(), owner)
	must(t, err)
	same(t, "keys", want, got)
	must(t, s.RevokeKey(t.Context(), owner, "a"))
	_, err = s.Key(t.Context(), hash(1))
	wantKind(t, "a revoked key", err, photo.KindNotFound)
	wantKind(t, "RevokeKey again", s.RevokeKey(t.Context(), owner, "a"), photo.KindNotFound)
	got, err = s.Keys(t.Context(), owner)
	must(t, err)
	same(t, "keys", want[1:], got)
	createKey(t, s, owner, "a", 3) // the name is free again
}

func keyExpires(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ends := time.Now().Add(300 * time.Millisecond).UTC().Truncate(time.Microsecond)
	k, err := s.CreateKey(t.Context(), owner, photo.AccessKey{Name: "nas", Scope: photo.ScopeRead, ExpiresAt: ends}, hash(1))
	must(t, err)
	if !k.ExpiresAt.Equal(ends) {
		t.Errorf("expires at %v, want %v", k.ExpiresAt, ends)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := s.Key(t.Context(), hash(1))
		if photo.KindOf(err) == photo.KindNotFound {
			break
		}
		must(t, err)
		if time.Now().After(deadline) {
			t.Fatal("the key does not expire")
		}
	}
	if time.Now().Before(ends) {
		t.Error("the key expired too early")
	}
	got, err := s.Keys(t.Context(), owner)
	must(t, err)
	same(t, "keys, an expired one too", []photo.AccessKey{k}, got)
	_, err = s.CreateKey(t.Context(), owner, photo.AccessKey{Name: "late", Scope: photo.ScopeRead, ExpiresAt: ends}, hash(2))
	wantKind(t, "CreateKey that has expired", err, photo.KindUsage)
}

func notesUse(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	createKey(t, s, owner, "nas", 1)
	createKey(t, s, owner, "unused", 2)
	var first time.Time
	for i := range 3 {
		must(t, s.NoteKeyUse(t.Context(), hash(1)))
		u, err := s.Key(t.Context(), hash(1))
		must(t, err)
		if i == 0 {
			first = u.Key.LastUsedAt
			recent(t, "LastUsedAt", first)
		}
		if !u.Key.LastUsedAt.Equal(first) {
			t.Errorf("noted again within a minute: %v, then %v", first, u.Key.LastUsedAt)
		}
	}
	keys, err := s.Keys(t.Context(), owner)
	must(t, err)
	if !keys[0].LastUsedAt.Equal(first) || !keys[1].LastUsedAt.IsZero() {
		t.Errorf("keys %+v", keys)
	}
	must(t, s.NoteKeyUse(t.Context(), hash(9))) // revoked a moment ago
}

func keysAreFew(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i := range photo.MaxKeys {
		createKey(t, s, owner, fmt.Sprint("k", i), i)
	}
	_, err := s.CreateKey(t.Context(), owner, photo.AccessKey{Name: "more", Scope: photo.ScopeRead}, hash(photo.MaxKeys))
	wantKind(t, "one key more", err, photo.KindConflict)
	createKey(t, s, anOwner(t, s, "bob"), "more", photo.MaxKeys)
}

func disables(t *testing.T, open Opener) {
	s := open(t)
	other := open(t) // another process
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	createKey(t, s, alice, "nas", 1)
	want := func(disabled bool) {
		t.Helper()
		got, err := s.Disabled(t.Context(), alice)
		must(t, err)
		use, err := s.Key(t.Context(), hash(1))
		must(t, err)
		if got != disabled || use.Disabled != disabled {
			t.Errorf("disabled: the owner %t, its key %t, want %t", got, use.Disabled, disabled)
		}
	}
	want(false)
	for range 2 {
		must(t, other.SetDisabled(t.Context(), alice, true))
		want(true)
	}
	if is, err := s.Disabled(t.Context(), bob); is || err != nil {
		t.Errorf("another owner is disabled: %t, %v", is, err)
	}
	must(t, other.SetDisabled(t.Context(), alice, false))
	want(false)
	const nobody = "99999999-9999-4999-8999-999999999999"
	wantKind(t, "SetDisabled of nobody", s.SetDisabled(t.Context(), nobody, true), photo.KindNotFound)
	_, err := s.Disabled(t.Context(), nobody)
	wantKind(t, "Disabled of nobody", err, photo.KindNotFound)
}

func listsAccounts(t *testing.T, open Opener) {
	s := open(t)
	if got, err := s.Accounts(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("Accounts of nobody = %v, %v", got, err)
	}
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	p := addNumbered(t, s, alice, 0, 1)[0]
	createKey(t, s, alice, "nas", 1)
	must(t, s.SetDisabled(t.Context(), bob, true))
	got, err := s.Accounts(t.Context())
	must(t, err)
	byOwner := map[string]store.Account{}
	for _, a := range got {
		recent(t, "CreatedAt", a.CreatedAt)
		byOwner[a.Owner] = a
	}
	recent(t, "DisabledAt", byOwner[bob].DisabledAt)
	same(t, "accounts", map[string]store.Account{
		alice: {Owner: alice, Pool: "pool", Subject: "alice", CreatedAt: byOwner[alice].CreatedAt, Usage: store.Usage{Photos: 1, Bytes: p.Size}, Keys: 1},
		bob:   {Owner: bob, Pool: "pool", Subject: "bob", CreatedAt: byOwner[bob].CreatedAt, DisabledAt: byOwner[bob].DisabledAt},
	}, byOwner)
}

func addsWithoutRestoring(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	a, err := s.Add(t.Context(), owner, numbered(0), key(0), store.NoRestore)
	must(t, err)
	if a.Outcome != photo.OutcomeUploaded {
		t.Errorf("a new photo: %+v", a)
	}
	a, err = s.Add(t.Context(), owner, numbered(0), key(1), store.NoRestore)
	must(t, err)
	if a.Outcome != photo.OutcomeExists {
		t.Errorf("a photo that is there: %+v", a)
	}
	gone, err := s.Trash(t.Context(), owner, numbered(0).ID, time.Hour)
	must(t, err)
	_, err = s.Add(t.Context(), owner, numbered(0), key(2), store.NoRestore)
	wantKind(t, "Add of a trashed photo", err, photo.KindForbidden)
	u, err := s.CreateUpload(t.Context(), store.Upload{ID: "up", Owner: owner, Photo: numbered(0).ID, Length: 1}, time.Hour)
	must(t, err)
	_, err = s.FinishUpload(t.Context(), owner, u.ID, u.Generation, numbered(0), key(3), finishes, store.NoRestore)
	wantKind(t, "FinishUpload of a trashed photo", err, photo.KindForbidden)
	same(t, "photo", gone, get(t, s, owner, numbered(0).ID))
	_, err = s.Upload(t.Context(), owner, u.ID)
	must(t, err) // nothing was changed
}
