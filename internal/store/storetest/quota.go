package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func quotaTests() []test {
	return []test{
		{"photos", quotaOfPhotos},
		{"bytes", quotaOfBytes},
		{"uploads", quotaOfUploads},
		{"bytes of uploads", quotaOfAnnounced},
		{"by many at once", quotaByMany},
		{"uploads are listed", listedUploads},
	}
}

// quotaOfPhotos checks that photos in the trash count, and that a photo that is already stored needs no
// more room, in the trash or not.
func quotaOfPhotos(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	addNumbered(t, s, alice, 0, 3)
	s.Limit(store.Quota{Photos: 3})
	full := func(what string) {
		t.Helper()
		_, err := s.Add(t.Context(), alice, numbered(3), key(3))
		wantKind(t, what, err, photo.KindQuota)
	}
	full("a fourth photo")
	if got := add(t, s, alice, numbered(2), key(20)); got.Outcome != photo.OutcomeExists {
		t.Errorf("a photo that is there: %s", got.Outcome)
	}
	_, err := s.Trash(t.Context(), alice, numbered(0).ID, time.Hour)
	must(t, err)
	full("a fourth photo, one in the trash")
	if got := add(t, s, alice, numbered(0), key(21)); got.Outcome != photo.OutcomeRestored {
		t.Errorf("a photo that is in the trash: %s", got.Outcome)
	}
	_, err = s.Trash(t.Context(), alice, numbered(0).ID, 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	wantUsage(t, s, alice, store.Usage{Photos: 2, Bytes: numbered(1).Size + numbered(2).Size})
	add(t, s, alice, numbered(3), key(3))
	addNumbered(t, s, bob, 0, 3)
}

func quotaOfBytes(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	sized := func(i int, size int64) photo.Photo {
		p := numbered(i)
		p.Size = size
		return p
	}
	s.Limit(store.Quota{Bytes: 1000})
	add(t, s, owner, sized(0, 600), key(0))
	_, err := s.Add(t.Context(), owner, sized(1, 401), key(1))
	wantKind(t, "401 bytes of 400", err, photo.KindQuota)
	_, err = s.CreateUpload(t.Context(), store.Upload{ID: "big", Owner: owner, Length: 401}, time.Hour)
	wantKind(t, "an upload of 401 bytes", err, photo.KindQuota)
	u, err := s.CreateUpload(t.Context(), store.Upload{ID: "fits", Owner: owner, Length: 400}, time.Hour)
	must(t, err)
	add(t, s, owner, sized(2, 1), key(2))
	_, err = s.FinishUpload(t.Context(), owner, u.ID, u.Generation, sized(3, 400), key(3), store.Finish{})
	wantKind(t, "an upload that fitted when it began", err, photo.KindQuota)
	if _, err := s.Upload(t.Context(), owner, u.ID); err != nil {
		t.Errorf("the upload that was refused: %v", err)
	}
	s.Limit(store.Quota{})
	add(t, s, owner, sized(4, 1<<40), key(4))
}

func quotaOfUploads(t *testing.T, open Opener) {
	s := open(t)
	s.Limit(store.Quota{Uploads: 2})
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	begin := func(owner, id string, i int) error {
		_, err := s.CreateUpload(t.Context(), store.Upload{ID: id, Owner: owner, Photo: numbered(i).ID, Length: 10, Writer: "w"}, time.Hour)
		return err
	}
	must(t, begin(alice, "a", 0))
	must(t, begin(alice, "b", 1))
	wantKind(t, "a third upload", begin(alice, "c", 2), photo.KindQuota)
	must(t, begin(alice, "again", 1)) // the writer missed the first answer
	must(t, begin(bob, "d", 0))
	must(t, s.DeleteUpload(t.Context(), alice, "a"))
	must(t, begin(alice, "e", 2))
	u, err := s.Upload(t.Context(), alice, "e")
	must(t, err)
	_, err = s.FinishUpload(t.Context(), alice, "e", u.Generation, numbered(2), key(2), store.Finish{Keep: time.Hour})
	must(t, err)
	must(t, begin(alice, "f", 3)) // a finished upload does not count, although its row is still there
	left, err := s.Uploads(t.Context(), alice)
	if must(t, err); len(left) != 2 {
		t.Errorf("unfinished uploads: %v, want b and f", left)
	}
}

// quotaOfAnnounced checks that the bytes of unfinished uploads count when another one begins. Otherwise they
// could fill the disk, whatever the quota.
func quotaOfAnnounced(t *testing.T, open Opener) {
	s := open(t)
	s.Limit(store.Quota{Bytes: 1000})
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	begin := func(owner, id string, i int, size int64, lifetime time.Duration) error {
		u := store.Upload{ID: id, Owner: owner, Length: size, Writer: id}
		if i >= 0 {
			u.Photo = numbered(i).ID
		}
		_, err := s.CreateUpload(t.Context(), u, lifetime)
		return err
	}
	must(t, begin(alice, "expired", 0, 900, 0))
	wantKind(t, "101 bytes of 100, before the sweep", begin(alice, "a", 1, 101, time.Hour), photo.KindQuota)
	_, err := s.ExpiredUploads(t.Context(), 10)
	must(t, err)
	must(t, begin(alice, "a", 1, 600, time.Hour))
	must(t, begin(alice, "unnamed", -1, 300, time.Hour))
	wantKind(t, "101 bytes of 100", begin(alice, "b", 2, 101, time.Hour), photo.KindQuota)
	wantKind(t, "101 bytes of 100, of a photo without a digest", begin(alice, "c", -1, 101, time.Hour), photo.KindQuota)
	must(t, begin(alice, "d", 1, 600, time.Hour)) // another client sends the same photo
	wantKind(t, "a third upload of one photo", begin(alice, "d2", 1, 600, time.Hour), photo.KindQuota)
	must(t, begin(bob, "e", 2, 1000, time.Hour))
	must(t, s.DeleteUpload(t.Context(), alice, "d"))
	must(t, s.DeleteUpload(t.Context(), alice, "a"))
	u, err := s.Upload(t.Context(), alice, "unnamed")
	must(t, err)
	whole := numbered(3)
	whole.Size = 300
	_, err = s.FinishUpload(t.Context(), alice, u.ID, u.Generation, whole, key(3), store.Finish{Keep: time.Hour})
	must(t, err)
	must(t, begin(alice, "f", 2, 700, time.Hour)) // a finished upload counts once, as a photo
	must(t, begin(alice, "g", 3, 300, time.Hour)) // the photo is there, and may need its bytes again
}

// quotaByMany checks that calls that come together do not exceed the quota.
func quotaByMany(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	s.Limit(store.Quota{Photos: 10})
	var adding sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		adding.Go(func() { _, errs[i] = s.Add(t.Context(), owner, numbered(i), key(i)) })
	}
	adding.Wait()
	added := 0
	for i, err := range errs {
		if err == nil {
			added++
			continue
		}
		wantKind(t, fmt.Sprintf("photo %d", i), err, photo.KindQuota)
	}
	if added != 10 {
		t.Errorf("%d photos were added, want 10", added)
	}
}

func listedUploads(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	for _, u := range []store.Upload{
		{ID: "a", Owner: alice, Length: 10, Photo: numbered(0).ID}, {ID: "b", Owner: alice, Length: 20}, {ID: "c", Owner: bob, Length: 30},
	} {
		_, err := s.CreateUpload(t.Context(), u, time.Hour)
		must(t, err)
	}
	_, err := s.CreateUpload(t.Context(), store.Upload{ID: "old", Owner: alice, Length: 40}, 0)
	must(t, err)
	got, err := s.Uploads(t.Context(), alice)
	must(t, err)
	slices.SortFunc(got, func(a, b store.Pending) int { return int(a.Length - b.Length) })
	same(t, "uploads", []store.Pending{{ID: "a", Photo: numbered(0).ID, Length: 10}, {ID: "b", Length: 20}}, got)
}
