package storetest

import (
	"regexp"
	"testing"

	"photos/internal/photo"
	"photos/internal/store"
)

func ownerTests() []test {
	return []test{
		{"a subject always has the same owner", sameOwner},
		{"an unknown owner has nothing", stranger},
		{"owners see only their own photos", apart},
		{"ping", ping},
		{"closed", closed},
	}
}

func sameOwner(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(owner) {
		t.Errorf("owner %q is not a random UUID", owner)
	}
	if again := anOwner(t, open(t), "alice"); again != owner {
		t.Errorf("owner %s became %s", owner, again)
	}
	if other := anOwner(t, s, "ALICE"); other == owner {
		t.Error("another subject is the same owner")
	}
	elsewhere, err := s.Owner(t.Context(), "another pool", "alice")
	must(t, err)
	if elsewhere == owner {
		t.Error("a subject of another pool is the same owner")
	}
}

func stranger(t *testing.T, open Opener) {
	s := open(t)
	const nobody = "99999999-9999-4999-8999-999999999999"
	_, err := s.Usage(t.Context(), nobody)
	wantKind(t, "Usage", err, photo.KindNotFound)
	_, err = s.Add(t.Context(), nobody, numbered(1), key(1))
	wantKind(t, "Add", err, photo.KindNotFound)
	page, err := s.List(t.Context(), nobody, photo.Filter{}, "", 10)
	must(t, err)
	same(t, "page", photo.Page{}, page)
}

func apart(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	hers := add(t, s, alice, numbered(1), key(1)).Photo

	_, _, err := s.Get(t.Context(), bob, hers.ID, store.AnyState)
	wantKind(t, "Get", err, photo.KindNotFound)
	_, err = s.Trash(t.Context(), bob, hers.ID, 0)
	wantKind(t, "Trash", err, photo.KindNotFound)
	_, err = s.Restore(t.Context(), bob, hers.ID)
	wantKind(t, "Restore", err, photo.KindNotFound)
	described, err := s.Describe(t.Context(), bob, []store.Description{{ID: hers.ID, Text: "mine"}})
	must(t, err)
	wantKind(t, "Describe", described[0].Err, photo.KindNotFound)
	status, err := s.Check(t.Context(), bob, []photo.ID{hers.ID})
	must(t, err)
	same(t, "status", []photo.Status{{ID: hers.ID, State: photo.Absent}}, status)
	page, err := s.List(t.Context(), bob, photo.Filter{}, "", 10)
	must(t, err)
	same(t, "page", photo.Page{}, page)
	wantNamed(t, s, bob, key(1), false)
	wantUsage(t, s, bob, store.Usage{})

	if a := add(t, s, bob, numbered(1), key(2)); a.Outcome != photo.OutcomeUploaded || a.Key != key(2) {
		t.Errorf("the same photo of another owner: %+v", a)
	}
	same(t, "her photo", hers, get(t, s, alice, hers.ID))
}

func ping(t *testing.T, open Opener) { must(t, open(t).Ping(t.Context())) }

func closed(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	must(t, s.Close())
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed database answers")
	}
	if _, err := s.Add(t.Context(), owner, numbered(1), key(1)); err == nil {
		t.Error("a closed database stores")
	}
}
