package storetest

import (
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func uploadTests() []test {
	return []test{
		{"an upload comes back as it was given", wholeUpload},
		{"a repeated creation", createdAgain},
		{"a claim keeps others out until its lease ends", claim},
		{"a new generation", takeOver},
		{"finish", finish},
		{"abandon", abandon},
		{"several uploads of a photo", several},
		{"delete", deleteUpload},
		{"expiry", expiry},
	}
}

var finishes = store.Finish{Keep: time.Hour, Spare: time.Minute}

func createUpload(t testing.TB, s store.Store, owner, id string, p photo.ID, lifetime time.Duration) store.Upload {
	t.Helper()
	u, err := s.CreateUpload(t.Context(), store.Upload{ID: id, Owner: owner, Photo: p, Length: 100, Name: "a.jpg"}, lifetime)
	must(t, err)
	return u
}

func wholeUpload(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	given := store.Upload{ID: "u1", Owner: owner, Photo: numbered(1).ID, Length: 1 << 40, Name: "\xff\n.mp4",
		Description: "Été", DescriptionSource: photo.FromSidecar, Caption: photo.CaptionFirst, Facts: takeout(), Writer: "w1"}
	u, err := s.CreateUpload(t.Context(), given, time.Hour)
	must(t, err)
	recent(t, "CreatedAt", u.CreatedAt)
	want := given
	want.CreatedAt, want.ExpiresAt, want.Generation = u.CreatedAt, u.CreatedAt.Add(time.Hour), 1
	same(t, "created", want, u)
	got, err := open(t).Upload(t.Context(), owner, "u1")
	must(t, err)
	same(t, "found", want, got)

	rival := given
	rival.Writer = "w2"
	_, err = s.CreateUpload(t.Context(), rival, time.Hour)
	wantKind(t, "another one of its name", err, photo.KindConflict)
	_, err = s.Upload(t.Context(), owner, "u2")
	wantKind(t, "unknown", err, photo.KindNotFound)
	_, err = s.Upload(t.Context(), anOwner(t, s, "bob"), "u1")
	wantKind(t, "another owner's", err, photo.KindNotFound)
	undigested := createUpload(t, s, owner, "u3", photo.ID{}, time.Hour)
	if !undigested.Photo.IsZero() {
		t.Errorf("an upload without a digest got one: %s", undigested.Photo)
	}
}

// createdAgain repeats a creation whose answer was lost: the writer gets the first upload back.
func createdAgain(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	begin := func(owner, id string, p photo.ID, length int64, writer string) store.Upload {
		t.Helper()
		u, err := s.CreateUpload(t.Context(), store.Upload{ID: id, Owner: owner, Photo: p, Length: length, Name: "a.jpg", Writer: writer}, time.Hour)
		must(t, err)
		return u
	}
	one := numbered(1).ID
	first := begin(owner, "first", one, 100, "w")
	same(t, "again", first, begin(owner, "second", one, 100, "w"))
	if has, err := s.HasUpload(t.Context(), "second"); has || err != nil {
		t.Errorf("HasUpload = %v, %v", has, err)
	}
	for name, u := range map[string]store.Upload{
		"another owner's":  begin(anOwner(t, s, "bob"), "bob's", one, 100, "w"),
		"another writer's": begin(owner, "rival's", one, 100, "v"),
		"another photo":    begin(owner, "other", numbered(2).ID, 100, "w"),
		"another length":   begin(owner, "longer", one, 200, "w"),
		"nobody's":         begin(owner, "nobody's", one, 100, ""),
		"nobody's again":   begin(owner, "nobody's-2", one, 100, ""),
		"no digest":        begin(owner, "undigested", photo.ID{}, 100, "w"),
		"no digest again":  begin(owner, "undigested-2", photo.ID{}, 100, "w"),
	} {
		if u.ID == first.ID || u.Generation != 1 {
			t.Errorf("%s is %s of generation %d", name, u.ID, u.Generation)
		}
	}
	must(t, s.DeleteUpload(t.Context(), owner, "first"))
	if u := begin(owner, "third", one, 100, "w"); u.ID != "third" {
		t.Errorf("after the first ended: %s", u.ID)
	}
}

func claim(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	createUpload(t, s, owner, "u", numbered(1).ID, time.Minute)
	u, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "one"}, time.Hour, time.Hour)
	must(t, err)
	if u.Writer != "one" || u.Generation != 2 || time.Until(u.ExpiresAt) < 59*time.Minute {
		t.Errorf("claimed: %+v", u)
	}
	_, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "two"}, time.Hour, time.Hour)
	wantKind(t, "another writer", err, photo.KindUnavailable)
	u, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "one"}, time.Hour, time.Hour)
	must(t, err)
	if u.Generation != 3 {
		t.Errorf("the same writer again has generation %d, want 3", u.Generation)
	}
	must(t, s.ReleaseUpload(t.Context(), owner, "u", 2, nil)) // no longer its own
	_, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "two"}, time.Hour, time.Hour)
	wantKind(t, "after a release of an old generation", err, photo.KindUnavailable)
	must(t, s.ReleaseUpload(t.Context(), owner, "u", 3, nil))
	_, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "two"}, time.Hour, time.Hour)
	must(t, err)
	_, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "none", Writer: "two"}, time.Hour, time.Hour)
	wantKind(t, "unknown", err, photo.KindNotFound)
	_, err = s.ClaimUpload(t.Context(), store.Upload{Owner: anOwner(t, s, "bob"), ID: "u", Writer: "two"}, time.Hour, time.Hour)
	wantKind(t, "another owner's", err, photo.KindNotFound)
}

func takeOver(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	createUpload(t, s, owner, "u", numbered(1).ID, time.Hour)
	old, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "one"}, 0, time.Hour)
	must(t, err)
	must(t, s.KeepUpload(t.Context(), owner, "u", old.Generation))
	u, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "u", Writer: "two"}, time.Hour, time.Hour)
	must(t, err)
	wantKind(t, "the old writer", s.KeepUpload(t.Context(), owner, "u", old.Generation), photo.KindConflict)
	_, err = s.FinishUpload(t.Context(), owner, "u", old.Generation, numbered(1), key(1), finishes)
	wantKind(t, "the old writer", err, photo.KindConflict)
	_, _, err = s.Get(t.Context(), owner, numbered(1).ID, store.AnyState)
	wantKind(t, "nothing came of it", err, photo.KindNotFound)
	must(t, s.KeepUpload(t.Context(), owner, "u", u.Generation))
	wantKind(t, "unknown", s.KeepUpload(t.Context(), owner, "none", 1), photo.KindNotFound)
}

func finish(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	u := createUpload(t, s, owner, "u", numbered(1).ID, time.Hour)
	a, err := s.FinishUpload(t.Context(), owner, "u", u.Generation, numbered(1), key(1), finishes)
	must(t, err)
	if a.Outcome != photo.OutcomeUploaded || a.Key != key(1) {
		t.Errorf("finished: %+v", a)
	}
	same(t, "photo", a.Photo, get(t, s, owner, numbered(1).ID))
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: numbered(1).Size})
	if has, err := s.HasUpload(t.Context(), "u"); has || err != nil {
		t.Errorf("HasUpload = %v, %v", has, err)
	}
	done, err := s.Upload(t.Context(), owner, "u")
	must(t, err)
	if done.Outcome != photo.OutcomeUploaded || done.Photo != numbered(1).ID || done.Leased || time.Until(done.ExpiresAt) > time.Hour {
		t.Errorf("the finished upload: %+v", done)
	}
	_, err = s.FinishUpload(t.Context(), owner, "u", u.Generation, numbered(1), key(2), finishes)
	wantKind(t, "finished again", err, photo.KindConflict)
	_, err = s.ClaimUpload(t.Context(), u, time.Hour, time.Hour)
	wantKind(t, "claimed", err, photo.KindConflict)
	wantKind(t, "kept", s.KeepUpload(t.Context(), owner, "u", u.Generation), photo.KindConflict)
	wantKind(t, "abandoned", s.AbandonUpload(t.Context(), owner, "u", u.Generation), photo.KindConflict)
	must(t, s.ReleaseUpload(t.Context(), owner, "u", u.Generation, []byte("late")))
	same(t, "the finished upload after all that", done, valueOf(s.Upload(t.Context(), owner, "u")))

	_, err = s.Trash(t.Context(), owner, numbered(1).ID, 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	st, err := s.Check(t.Context(), owner, []photo.ID{numbered(1).ID})
	must(t, err)
	same(t, "check after the photo was purged", []photo.Status{{ID: numbered(1).ID, State: photo.Absent}}, st)
	_, err = s.Add(t.Context(), owner, numbered(1), key(1))
	must(t, err)

	described := numbered(1)
	described.Description = "Sunset"
	createUpload(t, s, owner, "v", numbered(1).ID, time.Hour)
	_, err = s.FinishUpload(t.Context(), owner, "v", 1, described, key(2), finishes)
	must(t, err)
	described.Description = "Dawn"
	createUpload(t, s, owner, "w", numbered(1).ID, time.Hour)
	a, err = s.FinishUpload(t.Context(), owner, "w", 1, described, key(2), store.Finish{Spare: time.Minute})
	must(t, err)
	if a.Outcome != photo.OutcomeExists || a.Key != key(1) {
		t.Errorf("a photo that exists: %+v", a)
	}
	if w := valueOf(s.Upload(t.Context(), owner, "w")); w.Outcome != photo.OutcomeExists || !w.DescriptionKept {
		t.Errorf("finished with another description: %+v", w)
	}
	gone, err := s.ExpiredUploads(t.Context(), 10)
	must(t, err)
	same(t, "expired", []string{"w"}, gone)
}

// abandon checks that only the newest generation may abandon an upload or set the state of its digest.
func abandon(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	old := createUpload(t, s, owner, "u", numbered(1).ID, time.Hour)
	must(t, s.ReleaseUpload(t.Context(), owner, "u", 1, []byte("state one")))
	must(t, s.ReleaseUpload(t.Context(), owner, "u", 1, nil))
	old.Writer, old.Name, old.Description, old.DescriptionSource = "w", "b.jpg", "Sunset", photo.FromStdin
	old.Caption, old.Facts = photo.CaptionFirst, takeout()
	u, err := s.ClaimUpload(t.Context(), old, time.Hour, time.Hour)
	must(t, err)
	if string(u.DigestState) != "state one" || !u.Leased || u.Name != "b.jpg" || u.Description != "Sunset" ||
		u.DescriptionSource != photo.FromStdin || u.Caption != photo.CaptionFirst {
		t.Errorf("claimed: %+v", u)
	}
	same(t, "facts", takeout(), u.Facts)
	_, err = s.ClaimUpload(t.Context(), old, time.Hour, time.Hour)
	wantKind(t, "claimed by an old generation", err, photo.KindConflict)
	must(t, s.ReleaseUpload(t.Context(), owner, "u", 1, []byte("late")))
	same(t, "after a release of an old generation", u, valueOf(open(t).Upload(t.Context(), owner, "u")))
	wantKind(t, "an old generation", s.AbandonUpload(t.Context(), owner, "u", 1), photo.KindConflict)
	wantKind(t, "another owner's", s.AbandonUpload(t.Context(), anOwner(t, s, "bob"), "u", 2), photo.KindNotFound)
	must(t, s.AbandonUpload(t.Context(), owner, "u", 2))
	wantKind(t, "abandoned again", s.AbandonUpload(t.Context(), owner, "u", 2), photo.KindNotFound)
}

// several makes several uploads of a photo. Check names the one claimed most often. When one of
// them is finished, the others expire soon, unless a writer claims them.
func several(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	for _, id := range []string{"a", "best", "c", "live"} {
		createUpload(t, s, owner, id, p.ID, time.Hour)
	}
	createUpload(t, s, owner, "other", numbered(2).ID, time.Hour)
	_, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "live", Writer: "w"}, time.Hour, time.Hour)
	must(t, err)
	var best store.Upload
	for range 2 {
		best, err = s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "best", Writer: "v"}, time.Hour, time.Hour)
		must(t, err)
	}
	st, err := s.Check(t.Context(), owner, []photo.ID{p.ID})
	must(t, err)
	same(t, "check", []photo.Status{{ID: p.ID, State: photo.Unfinished, Upload: "best"}}, st)
	_, err = s.FinishUpload(t.Context(), owner, "best", best.Generation, p, key(1), finishes)
	must(t, err)
	if u := valueOf(s.Upload(t.Context(), owner, "best")); !u.Finished() {
		t.Errorf("best: %+v", u)
	}
	wantSpare := func(id string, want bool) {
		t.Helper()
		u, err := s.Upload(t.Context(), owner, id)
		must(t, err)
		if spare := time.Until(u.ExpiresAt) <= time.Minute; spare != want {
			t.Errorf("%s expires at %v", id, u.ExpiresAt)
		}
	}
	for id, want := range map[string]bool{"a": true, "c": true, "live": true, "other": false} {
		wantSpare(id, want)
	}
	a, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "a", Writer: "w"}, time.Hour, time.Hour)
	must(t, err)
	wantSpare("a", false)
	added, err := s.FinishUpload(t.Context(), owner, "a", a.Generation, p, key(2), store.Finish{Keep: time.Hour, Spare: 0})
	must(t, err)
	if added.Outcome != photo.OutcomeExists || added.Key != key(1) {
		t.Errorf("the second upload of a photo: %+v", added)
	}
	gone, err := s.ExpiredUploads(t.Context(), 10)
	must(t, err)
	same(t, "expired", []string{"c"}, gone) // a writer has "live"
}

// valueOf ignores an error, because the test compares the value anyway.
func valueOf[T any](v T, _ error) T { return v }

func deleteUpload(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	createUpload(t, s, owner, "u", numbered(1).ID, time.Hour)
	must(t, s.DeleteUpload(t.Context(), anOwner(t, s, "bob"), "u"))
	if has, err := s.HasUpload(t.Context(), "u"); !has || err != nil {
		t.Errorf("HasUpload = %v, %v", has, err)
	}
	for range 2 {
		must(t, s.DeleteUpload(t.Context(), owner, "u"))
		if has, err := s.HasUpload(t.Context(), "u"); has || err != nil {
			t.Errorf("HasUpload = %v, %v", has, err)
		}
	}
}

func expiry(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	createUpload(t, s, owner, "lives", numbered(1).ID, time.Hour)
	createUpload(t, s, owner, "leased", numbered(2).ID, 0)
	_, err := s.ClaimUpload(t.Context(), store.Upload{Owner: owner, ID: "leased", Writer: "w"}, time.Hour, 0)
	must(t, err)
	for _, id := range []string{"over-1", "over-2", "over-3"} {
		createUpload(t, s, owner, id, photo.ID{}, 0)
	}
	first, err := s.ExpiredUploads(t.Context(), 2)
	must(t, err)
	second, err := s.ExpiredUploads(t.Context(), 2)
	must(t, err)
	if len(first) != 2 || len(second) != 1 {
		t.Errorf("expired %v, then %v", first, second)
	}
	for id, want := range map[string]bool{"lives": true, "leased": true, "over-1": false, "over-2": false, "over-3": false} {
		if has, err := s.HasUpload(t.Context(), id); has != want || err != nil {
			t.Errorf("HasUpload(%s) = %v, %v, want %v", id, has, err, want)
		}
	}
}
