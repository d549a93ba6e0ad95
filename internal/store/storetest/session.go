package storetest

import (
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

const (
	idleTime = 14 * 24 * time.Hour
	longTime = 90 * 24 * time.Hour
)

func sessionTests() []test {
	return []test{
		{"a session is found by its hash until it ends", sessionIsFound},
		{"a session ends by idleness and by age", sessionExpires},
		{"one claim at a time, and only its result counts", sessionClaims},
		{"a claim that has ended can be taken", sessionClaimEnds},
		{"a pause says that an exchange failed", sessionPause},
		{"sessions of an owner are listed and ended", sessionsOfOwner},
	}
}

func aSession(owner, name string) store.Session {
	s := store.Session{
		ID: name, Owner: owner, Sealed: []byte{0, 1, 255, 'x'}, Agent: "Firefox on Linux",
		RefreshAt: time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC), AccessUntil: time.Date(2030, 1, 2, 3, 5, 5, 6000, time.UTC),
	}
	copy(s.Hash[:], name+strings.Repeat("\x00\xff", 16))
	return s
}

func sessionIsFound(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "ada")
	want := aSession(owner, "one")
	must(t, s.CreateSession(t.Context(), want, longTime))
	got, err := s.Session(t.Context(), want.Hash, idleTime)
	must(t, err)
	recent(t, "CreatedAt", got.CreatedAt)
	recent(t, "SeenAt", got.SeenAt)
	if d := got.ExpiresAt.Sub(got.CreatedAt); d != longTime {
		t.Errorf("it ends after %s", d)
	}
	want.CreatedAt, want.SeenAt, want.ExpiresAt = got.CreatedAt, got.SeenAt, got.ExpiresAt
	want.Generation, want.Pool, want.Subject = 1, "pool", "ada"
	same(t, "session", want, got)
	must(t, s.NoteSessionUse(t.Context(), want.Hash)) // too early to change anything
	again, err := s.Session(t.Context(), want.Hash, idleTime)
	must(t, err)
	same(t, "session", got, again)

	must(t, s.SetDisabled(t.Context(), owner, true))
	got, err = s.Session(t.Context(), want.Hash, idleTime)
	must(t, err)
	if !got.Disabled {
		t.Error("its owner is disabled, which it does not say")
	}
	must(t, s.EndSession(t.Context(), want.Hash))
	must(t, s.EndSession(t.Context(), want.Hash))
	_, err = s.Session(t.Context(), want.Hash, idleTime)
	wantKind(t, "a session that was ended", err, photo.KindNotFound)

	long := aSession(owner, "long")
	long.Agent = strings.Repeat("é", 300)
	must(t, s.CreateSession(t.Context(), long, longTime))
}

func sessionExpires(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "ada")
	short, kept := aSession(owner, "short"), aSession(owner, "kept")
	must(t, s.CreateSession(t.Context(), short, 0))
	must(t, s.CreateSession(t.Context(), kept, longTime))
	_, err := s.Session(t.Context(), short.Hash, idleTime)
	wantKind(t, "a session of no lifetime", err, photo.KindNotFound)
	_, err = s.Session(t.Context(), kept.Hash, 0)
	wantKind(t, "a session that was not used", err, photo.KindNotFound)
	must(t, s.ExpiredSessions(t.Context(), idleTime))
	_, err = s.Session(t.Context(), kept.Hash, idleTime)
	must(t, err)
	must(t, s.ExpiredSessions(t.Context(), 0))
	_, err = s.Session(t.Context(), kept.Hash, idleTime)
	wantKind(t, "a session that was removed", err, photo.KindNotFound)
}

func sessionClaims(t *testing.T, open Opener) {
	s, other := open(t), open(t)
	one := aSession(anOwner(t, s, "ada"), "one")
	must(t, s.CreateSession(t.Context(), one, longTime))
	mine, err := s.ClaimSession(t.Context(), one.Hash, 1, time.Hour)
	must(t, err)
	_, err = other.ClaimSession(t.Context(), one.Hash, 1, time.Hour)
	wantKind(t, "a claim of a former generation", err, photo.KindConflict)
	_, err = other.ClaimSession(t.Context(), one.Hash, mine, time.Hour)
	wantKind(t, "a claim while another one lives", err, photo.KindConflict)
	seen, err := other.Session(t.Context(), one.Hash, idleTime)
	must(t, err)
	if !seen.Claimed || seen.Generation != mine {
		t.Errorf("claimed: %t, generation %d, want %d", seen.Claimed, seen.Generation, mine)
	}
	wantKind(t, "a refusal of a former generation", s.RefuseSession(t.Context(), one.Hash, 1), photo.KindConflict)
	renewed := one
	renewed.Sealed, renewed.RefreshAt, renewed.AccessUntil = []byte("new"), one.RefreshAt.Add(time.Hour), one.AccessUntil.Add(time.Hour)
	renewed.Generation = 1
	wantKind(t, "a renewal of a former generation", s.RenewSession(t.Context(), renewed), photo.KindConflict)
	renewed.Generation = mine
	must(t, s.RenewSession(t.Context(), renewed))
	got, err := other.Session(t.Context(), one.Hash, idleTime)
	must(t, err)
	if string(got.Sealed) != "new" || !got.RefreshAt.Equal(renewed.RefreshAt) || !got.AccessUntil.Equal(renewed.AccessUntil) || got.Claimed || got.Paused {
		t.Errorf("after the renewal it is %+v", got)
	}
	must(t, s.RefuseSession(t.Context(), one.Hash, mine))
	_, err = s.Session(t.Context(), one.Hash, idleTime)
	wantKind(t, "a session that was refused", err, photo.KindNotFound)
}

func sessionClaimEnds(t *testing.T, open Opener) {
	s := open(t)
	one := aSession(anOwner(t, s, "ada"), "one")
	must(t, s.CreateSession(t.Context(), one, longTime))
	first, err := s.ClaimSession(t.Context(), one.Hash, 1, 0)
	must(t, err)
	second, err := s.ClaimSession(t.Context(), one.Hash, first, time.Hour)
	must(t, err)
	one.Generation = first
	wantKind(t, "the result of a claim that ended", s.RenewSession(t.Context(), one), photo.KindConflict)
	wantKind(t, "the refusal of a claim that ended", s.RefuseSession(t.Context(), one.Hash, first), photo.KindConflict)
	must(t, s.PauseSession(t.Context(), one.Hash, first, time.Hour))
	got, err := s.Session(t.Context(), one.Hash, idleTime)
	must(t, err)
	if !got.Claimed || got.Paused || got.Generation != second {
		t.Errorf("the claim is not the second one's: %+v", got)
	}
}

func sessionPause(t *testing.T, open Opener) {
	s := open(t)
	one := aSession(anOwner(t, s, "ada"), "one")
	must(t, s.CreateSession(t.Context(), one, longTime))
	mine, err := s.ClaimSession(t.Context(), one.Hash, 1, time.Hour)
	must(t, err)
	must(t, s.PauseSession(t.Context(), one.Hash, mine, time.Hour))
	got, err := s.Session(t.Context(), one.Hash, idleTime)
	must(t, err)
	if got.Claimed || !got.Paused {
		t.Errorf("claimed: %t, paused: %t", got.Claimed, got.Paused)
	}
	_, err = s.ClaimSession(t.Context(), one.Hash, mine, time.Hour)
	must(t, err)
}

func sessionsOfOwner(t *testing.T, open Opener) {
	s := open(t)
	ada, bob := anOwner(t, s, "ada"), anOwner(t, s, "bob")
	for _, one := range []store.Session{aSession(ada, "a1"), aSession(ada, "a2"), aSession(bob, "b1"), aSession(ada, "a3")} {
		must(t, s.CreateSession(t.Context(), one, longTime))
	}
	names := func(owner string) string {
		list, err := s.Sessions(t.Context(), owner, idleTime)
		must(t, err)
		all := map[string]bool{}
		for _, one := range list {
			all[one.ID] = true
		}
		var found []string
		for _, id := range []string{"a1", "a2", "a3", "b1"} {
			if all[id] {
				found = append(found, id)
			}
		}
		return strings.Join(found, " ")
	}
	end := func(owner, id string, want int) {
		t.Helper()
		n, err := s.EndSessions(t.Context(), owner, id)
		must(t, err)
		if n != want {
			t.Errorf("%d sessions ended, want %d", n, want)
		}
	}
	end(bob, "a1", 0)
	if got := names(ada); got != "a1 a2 a3" {
		t.Errorf("ada has %s", got)
	}
	end(ada, "a2", 1)
	if got := names(ada); got != "a1 a3" {
		t.Errorf("ada has %s", got)
	}
	end(ada, "", 2)
	if got, other := names(ada), names(bob); got != "" || other != "b1" {
		t.Errorf("ada has %s, bob %s", got, other)
	}
}
