package storetest

import (
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func trashTests() []test {
	return []test{
		{"to the trash and back", trashAndBack},
		{"many photos to the trash and back", trashManyAndBack},
		{"one photo of the trash is purged", purgePhoto},
		{"purge removes what is due", purge},
		{"purge removes a limit at a time", purgeLimit},
		{"a purged photo is gone", purgedIsGone},
		{"orphans are kept for a time", orphans},
	}
}

func trashAndBack(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	gone, err := s.Trash(t.Context(), owner, p.ID, 30*24*time.Hour)
	must(t, err)
	recent(t, "TrashedAt", gone.TrashedAt)
	want := p
	want.TrashedAt, want.PurgeAt = gone.TrashedAt, gone.TrashedAt.Add(30*24*time.Hour)
	same(t, "trashed", want, gone)
	wantUsage(t, s, owner, store.Usage{TrashedPhotos: 1, TrashedBytes: p.Size})
	_, _, err = s.Get(t.Context(), owner, p.ID, store.Live)
	wantKind(t, "Get", err, photo.KindNotFound)
	same(t, "any state", want, get(t, s, owner, p.ID))

	again, err := s.Trash(t.Context(), owner, p.ID, time.Hour)
	must(t, err)
	same(t, "trashed again", want, again)
	for range 2 {
		back, err := s.Restore(t.Context(), owner, p.ID)
		must(t, err)
		same(t, "restored", p, back)
		wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: p.Size})
	}
	_, err = s.Trash(t.Context(), owner, numbered(9).ID, time.Hour)
	wantKind(t, "Trash of nothing", err, photo.KindNotFound)
	_, err = s.Restore(t.Context(), owner, numbered(9).ID)
	wantKind(t, "Restore of nothing", err, photo.KindNotFound)
}

// The moment of one call names its photos: neither those that were in the trash before nor those of
// other owners.
func trashManyAndBack(t *testing.T, open Opener) {
	s := open(t)
	owner, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	ps := addNumbered(t, s, owner, 0, 5)
	theirs := add(t, s, bob, ps[1], "theirs").Photo
	early, err := s.Trash(t.Context(), owner, ps[0].ID, time.Hour)
	must(t, err)
	time.Sleep(2 * time.Millisecond) // more than a tick of the clock
	n, at, err := s.TrashMany(t.Context(), owner, []photo.ID{ps[3].ID, ps[0].ID, ps[1].ID, numbered(9).ID, ps[2].ID}, 30*24*time.Hour)
	must(t, err)
	if n != 3 {
		t.Errorf("%d photos were moved to the trash, want 3", n)
	}
	recent(t, "the moment", at)
	for _, i := range []int{1, 2, 3} {
		want := ps[i]
		want.TrashedAt, want.PurgeAt = at, at.Add(30*24*time.Hour)
		same(t, "trashed", want, get(t, s, owner, ps[i].ID))
	}
	same(t, "one that was in the trash", early, get(t, s, owner, ps[0].ID))
	same(t, "one that was left out", ps[4], get(t, s, owner, ps[4].ID))
	same(t, "the one of another owner", theirs, get(t, s, bob, theirs.ID))
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: 1004, TrashedPhotos: 4, TrashedBytes: 4006})
	changes, err := s.Changes(t.Context(), owner, "", 100)
	must(t, err)
	if len(changes.Changes) != 5 {
		t.Errorf("%d changes, want 5: %+v", len(changes.Changes), changes)
	}

	n, err = s.RestoreTrashed(t.Context(), bob, at, 10)
	must(t, err)
	if n != 0 {
		t.Errorf("another owner restored %d photos", n)
	}
	for i, want := range []int{2, 1, 0} {
		n, err = s.RestoreTrashed(t.Context(), owner, at, 2)
		must(t, err)
		if n != want {
			t.Errorf("call %d restored %d photos, want %d", i, n, want)
		}
	}
	for _, i := range []int{1, 2, 3} {
		same(t, "restored", ps[i], get(t, s, owner, ps[i].ID))
	}
	same(t, "one that was in the trash", early, get(t, s, owner, ps[0].ID))
	wantUsage(t, s, owner, store.Usage{Photos: 4, Bytes: 4010, TrashedPhotos: 1, TrashedBytes: 1000})
}

func purge(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ps := addNumbered(t, s, owner, 0, 4)
	for i, after := range []time.Duration{0, time.Hour, 0} {
		_, err := s.Trash(t.Context(), owner, ps[i].ID, after)
		must(t, err)
	}
	_, err := s.Restore(t.Context(), owner, ps[2].ID)
	must(t, err)
	got, err := s.Purge(t.Context(), 100)
	must(t, err)
	same(t, "purged", []store.Blob{{Owner: owner, Key: key(0)}}, got)
	wantUsage(t, s, owner, store.Usage{Photos: 2, Bytes: ps[2].Size + ps[3].Size, TrashedPhotos: 1, TrashedBytes: ps[1].Size})
	got, err = s.Purge(t.Context(), 100)
	must(t, err)
	if len(got) != 0 {
		t.Errorf("purged again: %v", got)
	}
}

func purgePhoto(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ps := addNumbered(t, s, owner, 0, 2)
	_, _, err := s.PurgePhoto(t.Context(), owner, ps[0].ID)
	wantKind(t, "a live photo", err, photo.KindConflict)
	_, err = s.Trash(t.Context(), owner, ps[0].ID, time.Hour)
	must(t, err)
	_, _, err = s.PurgePhoto(t.Context(), anOwner(t, s, "bob"), ps[0].ID)
	wantKind(t, "another owner's photo", err, photo.KindNotFound)
	p, gone, err := s.PurgePhoto(t.Context(), owner, ps[0].ID)
	must(t, err)
	same(t, "blobs", []store.Blob{{Owner: owner, Key: key(0)}}, gone)
	if p.ID != ps[0].ID || p.TrashedAt.IsZero() {
		t.Errorf("purged %+v", p)
	}
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: ps[1].Size})
	_, _, err = s.PurgePhoto(t.Context(), owner, ps[0].ID)
	wantKind(t, "purged again", err, photo.KindNotFound)
	wantNamed(t, s, owner, key(0), false)
	if a := add(t, s, owner, numbered(0), key(1)); a.Outcome != photo.OutcomeUploaded {
		t.Errorf("added again: %+v", a)
	}
}

func purgeLimit(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for _, p := range addNumbered(t, s, owner, 0, 5) {
		_, err := s.Trash(t.Context(), owner, p.ID, 0)
		must(t, err)
	}
	var sizes []int
	seen := map[string]bool{}
	for range 4 {
		got, err := s.Purge(t.Context(), 2)
		must(t, err)
		sizes = append(sizes, len(got))
		for _, b := range got {
			seen[b.Key] = true
		}
	}
	same(t, "sizes", []int{2, 2, 1, 0}, sizes)
	if len(seen) != 5 {
		t.Errorf("purged %v", seen)
	}
}

func purgedIsGone(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	_, err := s.Trash(t.Context(), owner, p.ID, 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 1)
	must(t, err)
	_, err = s.Restore(t.Context(), owner, p.ID)
	wantKind(t, "Restore", err, photo.KindNotFound)
	_, _, err = s.Get(t.Context(), owner, p.ID, store.AnyState)
	wantKind(t, "Get", err, photo.KindNotFound)
	wantNamed(t, s, owner, key(0), false)
	if a := add(t, s, owner, numbered(0), key(1)); a.Outcome != photo.OutcomeUploaded || a.Key != key(1) {
		t.Errorf("added again: %+v", a)
	}
}

func orphans(t *testing.T, open Opener) {
	for i, want := range []bool{false, true, false, true} { // the answer true removes the record
		due, err := open(t).Orphan(t.Context(), "alice", key(1), 0)
		must(t, err)
		if due != want {
			t.Errorf("call %d: %v", i, due)
		}
	}
	for range 2 {
		due, err := open(t).Orphan(t.Context(), "alice", key(2), time.Hour)
		must(t, err)
		if due {
			t.Error("due before its time")
		}
	}
}
