package storetest

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func shareTests() []test {
	return []test{
		{"a share is found by its hash", findsShare},
		{"a share is created once", createsShareOnce},
		{"a share shows its photos in their order", showsShared},
		{"a share has photos of its owner or does not exist", sharesOwnPhotos},
		{"a share ends by itself or is revoked", shareEnds},
		{"shares that ended are forgotten", forgetsShares},
		{"many photos are shared", sharesMany},
		{"shares are few", sharesAreFew},
		{"shares that ended are few", endedSharesAreFew},
		{"a photo matches a filter that lists it", matches},
	}
}

// endedSharesAreFew checks that an owner who makes and revokes shares all the time does not fill the database.
func endedSharesAreFew(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	createShare(t, s, alice, 1)
	createShare(t, s, bob, 2)
	must(t, s.RevokeShare(t.Context(), bob, aShare(2).ID))
	const more = 5
	var making sync.WaitGroup
	for worker := range 50 {
		making.Go(func() {
			for i := 3 + worker; i < 3+photo.MaxEndedShares+more; i += 50 {
				if _, err := s.CreateShare(t.Context(), alice, aShare(i), shareHash(i), nil); err != nil {
					t.Errorf("create: %v", err)
				}
				if err := s.RevokeShare(t.Context(), alice, aShare(i).ID); err != nil {
					t.Errorf("revoke: %v", err)
				}
			}
		})
	}
	making.Wait()
	createShare(t, s, alice, 0)
	list, err := s.Shares(t.Context(), alice)
	must(t, err)
	ended := 0
	for _, one := range list {
		if one.Ended {
			ended++
		}
	}
	if ended != photo.MaxEndedShares || len(list) != ended+2 {
		t.Errorf("%d shares, %d of them ended", len(list), ended)
	}
	if got, err := s.Share(t.Context(), shareHash(2)); err != nil || !got.Share.Ended {
		t.Errorf("the share of another owner: %+v, %v", got, err)
	}
}

func shareHash(i int) store.ShareHash { return store.ShareHash(numbered(i).ID) }

// aShare returns a share with a valid ID that ends in a day.
func aShare(i int) photo.Share {
	id := []byte("aaaaaaaa")
	for at := len(id) - 1; i > 0; at, i = at-1, i/26 {
		id[at] += byte(i % 26)
	}
	return photo.Share{ID: string(id), ExpiresAt: time.Now().Add(24 * time.Hour).UTC().Truncate(time.Microsecond), By: photo.ByUploaded}
}

func createShare(t tester, s store.Store, owner string, i int, photos ...photo.ID) photo.Share {
	t.Helper()
	made, err := s.CreateShare(t.Context(), owner, aShare(i), shareHash(i), photos)
	must(t, err)
	return made
}

func idsOf(photos []photo.Photo) []photo.ID {
	var ids []photo.ID
	for _, p := range photos {
		ids = append(ids, p.ID)
	}
	return ids
}

// A request that is repeated finds the share that it made, also when the share has ended, its photos
// are gone or there are as many as there may be.
func createsShareOnce(t *testing.T, open Opener) {
	s := open(t)
	alice := anOwner(t, s, "alice")
	photos := addNumbered(t, s, alice, 0, 3)
	made := createShare(t, s, alice, 1, idsOf(photos)...)
	var calls sync.WaitGroup
	for i := range 4 {
		calls.Go(func() {
			other := aShare(10 + i)
			other.ExpiresAt = other.ExpiresAt.Add(time.Hour)
			again, err := s.CreateShare(t.Context(), alice, other, shareHash(1), idsOf(photos))
			if err != nil {
				t.Errorf("again: %v", err)
			}
			same(t, "created again", made, again)
		})
	}
	calls.Wait()
	_, err := s.Trash(t.Context(), alice, photos[1].ID, time.Hour)
	must(t, err)
	must(t, s.RevokeShare(t.Context(), alice, made.ID))
	again, err := s.CreateShare(t.Context(), alice, aShare(20), shareHash(1), []photo.ID{numbered(9).ID})
	must(t, err)
	if again.ID != made.ID || !again.Ended || again.RevokedAt.IsZero() || again.Photos != 2 {
		t.Errorf("created again after its end: %+v", again)
	}
	list, err := s.Shares(t.Context(), alice)
	must(t, err)
	same(t, "the shares", []photo.Share{again}, list)
	if _, err := s.CreateShare(t.Context(), anOwner(t, s, "bob"), aShare(21), shareHash(1), nil); err == nil {
		t.Error("another owner got the share")
	}
}

func findsShare(t *testing.T, open Opener) {
	s := open(t)
	alice := anOwner(t, s, "alice")
	photos := addNumbered(t, s, alice, 0, 2)
	want := aShare(1)
	want.Title, want.Originals = "Sommer 2024, 夏\n\"x\"", true
	made, err := s.CreateShare(t.Context(), alice, want, shareHash(1), idsOf(photos))
	must(t, err)
	recent(t, "CreatedAt", made.CreatedAt)
	want.CreatedAt, want.Photos = made.CreatedAt, 2
	same(t, "created", want, made)
	liveShare := photo.Share{ID: "bbbbbbbb", ExpiresAt: want.ExpiresAt, Live: true, Search: `tag:"a b" -é`, By: photo.ByTaken}
	_, err = s.CreateShare(t.Context(), alice, liveShare, shareHash(2), nil)
	must(t, err)

	got, err := open(t).Share(t.Context(), shareHash(1))
	must(t, err)
	want.Photos = 0 // only a list counts them
	same(t, "found", store.ShareUse{Owner: alice, Share: want}, got)
	got, err = s.Share(t.Context(), shareHash(2))
	must(t, err)
	liveShare.CreatedAt = got.Share.CreatedAt
	same(t, "found", store.ShareUse{Owner: alice, Share: liveShare}, got)
	_, err = s.Share(t.Context(), shareHash(3))
	wantKind(t, "a share that never was", err, photo.KindNotFound)

	must(t, s.SetDisabled(t.Context(), alice, true))
	if got, err := s.Share(t.Context(), shareHash(1)); err != nil || !got.Disabled {
		t.Errorf("its owner is disabled: %+v, %v", got, err)
	}
	_, err = s.CreateShare(t.Context(), "99999999-9999-4999-8999-999999999999", aShare(4), shareHash(4), nil)
	wantKind(t, "CreateShare for nobody", err, photo.KindNotFound)
}

func showsShared(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	all := idsOf(addNumbered(t, s, owner, 0, 6))
	shared := []photo.ID{all[3], all[0], all[5], all[1]}
	createShare(t, s, owner, 1, shared...)
	createShare(t, s, owner, 2, all[2], all[0])
	wantShared(t, s, owner, all, shared...)
	_, err := s.SharedPhoto(t.Context(), anOwner(t, s, "bob"), shareHash(1), all[0])
	wantKind(t, "a photo of another owner", err, photo.KindNotFound)

	_, err = s.Trash(t.Context(), owner, all[0], time.Hour)
	must(t, err)
	wantShared(t, s, owner, all, all[3], all[5], all[1])
	list, err := s.Shares(t.Context(), owner)
	must(t, err)
	for _, share := range list {
		if want := map[string]int64{aShare(1).ID: 3, aShare(2).ID: 1}[share.ID]; share.Photos != want {
			t.Errorf("share %s has %d photos, want %d", share.ID, share.Photos, want)
		}
	}
	_, err = s.Restore(t.Context(), owner, all[0])
	must(t, err)
	wantShared(t, s, owner, all, shared...)
	_, err = s.Trash(t.Context(), owner, all[3], 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	wantShared(t, s, owner, all, all[0], all[5], all[1])
	add(t, s, owner, numbered(3), "again")
	wantShared(t, s, owner, all, all[0], all[5], all[1])
}

// wantShared requires that the share 1 shows these of an owner's photos.
func wantShared(t tester, s store.Store, owner string, all []photo.ID, want ...photo.ID) {
	t.Helper()
	var got []photo.ID
	var last store.SharedPage
	for after := int64(0); ; {
		page, err := s.SharedPhotos(t.Context(), shareHash(1), after, 2)
		must(t, err)
		got, last = append(got, idsOf(page.Photos)...), page
		if after = page.Next; after == 0 {
			break
		}
	}
	same(t, "shared", want, got)
	got = idsOf(last.Photos)
	for before := last.Prev; before != 0; {
		page, err := s.SharedBefore(t.Context(), shareHash(1), before, 2)
		must(t, err)
		next, err := s.SharedPhotos(t.Context(), shareHash(1), page.Next, 1)
		must(t, err)
		if len(next.Photos) != 1 || next.Photos[0].ID != got[0] {
			t.Errorf("after a page that was read backward comes %v, want %v", idsOf(next.Photos), got[0])
		}
		got = append(idsOf(page.Photos), got...)
		before = page.Prev
	}
	same(t, "shared, read backward", want, got)
	for i, id := range want {
		p, err := s.SharedPhoto(t.Context(), owner, shareHash(1), id)
		must(t, err)
		same(t, "shared photo", id, p.ID)
		before, after, err := s.SharedNeighbors(t.Context(), owner, shareHash(1), id)
		must(t, err)
		around := append(append([]photo.ID{{}}, want...), photo.ID{})
		same(t, "neighbors", [2]photo.ID{around[i], around[i+2]}, [2]photo.ID{before, after})
	}
	for _, id := range all {
		if slices.Contains(want, id) {
			continue
		}
		_, err := s.SharedPhoto(t.Context(), owner, shareHash(1), id)
		wantKind(t, "a photo that is not shared", err, photo.KindNotFound)
		_, _, err = s.SharedNeighbors(t.Context(), owner, shareHash(1), id)
		wantKind(t, "a photo that is not shared", err, photo.KindNotFound)
	}
}

func sharesOwnPhotos(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	mine, theirs := idsOf(addNumbered(t, s, alice, 0, 2)), idsOf(addNumbered(t, s, bob, 5, 6))
	_, err := s.Trash(t.Context(), alice, mine[1], time.Hour)
	must(t, err)
	for what, id := range map[string]photo.ID{"a photo of another owner": theirs[0], "a photo in the trash": mine[1], "no photo": numbered(9).ID} {
		_, err := s.CreateShare(t.Context(), alice, aShare(1), shareHash(1), []photo.ID{mine[0], id})
		wantKind(t, what, err, photo.KindNotFound)
	}
	_, err = s.Share(t.Context(), shareHash(1))
	wantKind(t, "a share that was refused", err, photo.KindNotFound)
	createShare(t, s, alice, 1, mine[0])
	if list, err := s.Shares(t.Context(), bob); err != nil || len(list) != 0 {
		t.Errorf("another owner has the shares %+v, %v", list, err)
	}
	wantKind(t, "RevokeShare of another owner", s.RevokeShare(t.Context(), bob, aShare(1).ID), photo.KindNotFound)
}

func shareEnds(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	id := addNumbered(t, s, owner, 0, 1)[0].ID
	short := aShare(1)
	short.ExpiresAt = time.Now().Add(300 * time.Millisecond).UTC().Truncate(time.Microsecond)
	_, err := s.CreateShare(t.Context(), owner, short, shareHash(1), []photo.ID{id})
	must(t, err)
	createShare(t, s, owner, 2, id)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		use, err := s.Share(t.Context(), shareHash(1))
		must(t, err)
		if use.Share.Ended {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the share does not expire")
		}
	}
	must(t, s.RevokeShare(t.Context(), owner, short.ID)) // it has ended already
	late := aShare(3)
	late.ExpiresAt = short.ExpiresAt
	_, err = s.CreateShare(t.Context(), owner, late, shareHash(3), []photo.ID{id})
	wantKind(t, "CreateShare that has expired", err, photo.KindUsage)

	must(t, s.RevokeShare(t.Context(), owner, aShare(2).ID))
	first, err := s.Share(t.Context(), shareHash(2))
	must(t, err)
	recent(t, "RevokedAt", first.Share.RevokedAt)
	if !first.Share.Ended {
		t.Error("a share that was revoked has not ended")
	}
	must(t, s.RevokeShare(t.Context(), owner, aShare(2).ID))
	again, err := s.Share(t.Context(), shareHash(2))
	must(t, err)
	same(t, "revoked again", first, again)
	list, err := s.Shares(t.Context(), owner)
	must(t, err)
	for _, share := range list {
		if !share.Ended || share.RevokedAt.IsZero() != (share.ID == short.ID) {
			t.Errorf("listed: %+v", share)
		}
	}
	wantKind(t, "RevokeShare of none", s.RevokeShare(t.Context(), owner, "zzzzzzzz"), photo.KindNotFound)
}

func forgetsShares(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	id := addNumbered(t, s, owner, 0, 1)[0].ID
	for i := range 3 {
		createShare(t, s, owner, i, id)
	}
	for i := range 2 {
		must(t, s.RevokeShare(t.Context(), owner, aShare(i).ID))
	}
	forget := func(keep time.Duration, limit, want int) {
		t.Helper()
		if n, err := s.ForgetShares(t.Context(), keep, limit); err != nil || n != want {
			t.Errorf("%d shares were forgotten, %v, want %d", n, err, want)
		}
	}
	forget(time.Hour, 10, 0)
	forget(0, 1, 1)
	forget(0, 10, 1)
	forget(0, 10, 0)
	_, err := s.Share(t.Context(), shareHash(0))
	wantKind(t, "a share that was forgotten", err, photo.KindNotFound)
	_, err = s.SharedPhoto(t.Context(), owner, shareHash(0), id)
	wantKind(t, "a photo of a share that was forgotten", err, photo.KindNotFound)
	_, err = s.SharedPhoto(t.Context(), owner, shareHash(2), id)
	must(t, err)
}

func sharesMany(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	const many = 203
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			if _, err := s.Add(t.Context(), owner, numbered(i), key(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var ids []photo.ID
	for i := range many {
		ids = append(ids, numbered(i).ID)
	}
	createShare(t, s, owner, 1, ids...)
	page, err := s.SharedPhotos(t.Context(), shareHash(1), 0, many)
	must(t, err)
	if same(t, "shared", ids, idsOf(page.Photos)); page.Next != 0 {
		t.Errorf("there is a page after all photos: %d", page.Next)
	}
}

func sharesAreFew(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	id := addNumbered(t, s, owner, 0, 1)[0].ID
	var wg sync.WaitGroup
	for i := range photo.MaxShares {
		wg.Go(func() {
			if _, err := s.CreateShare(t.Context(), owner, aShare(i), shareHash(i), []photo.ID{id}); err != nil {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	_, err := s.CreateShare(t.Context(), owner, aShare(photo.MaxShares), shareHash(photo.MaxShares), []photo.ID{id})
	wantKind(t, "one share more", err, photo.KindConflict)
	must(t, s.RevokeShare(t.Context(), owner, aShare(7).ID))
	createShare(t, s, owner, photo.MaxShares, id)
}

// matches compares Match with List.
func matches(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	var all []photo.ID
	for i := range 6 {
		p := numbered(i)
		p.Description = []string{"sea", "hills"}[i%2]
		p.Tags = [][]string{{"a b"}, nil, {"c"}}[i%3]
		p.TakenAt, p.TakenSource = photo.At(time.Date(2024, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC)), photo.FactEmbedded
		all = append(all, add(t, s, owner, p, key(i)).Photo.ID)
	}
	_, err := s.Trash(t.Context(), owner, all[4], longTime)
	must(t, err)
	for i, search := range []string{"sea", "-sea", `tag:"a b"`, "taken:2024-02..2024-04", "size:>1002", "uploaded:2001", "hills is:described type:photo", "is:trashed"} {
		f := photo.Filter{Search: search, By: []photo.Order{photo.ByUploaded, photo.ByTaken}[i%2]}
		page, err := s.List(t.Context(), owner, f, "", 100)
		must(t, err)
		listed := idsOf(page.Photos)
		for n, id := range all {
			p, err := s.Match(t.Context(), owner, f, id)
			if slices.Contains(listed, id) {
				must(t, err)
				same(t, search, id, p.ID)
				continue
			}
			wantKind(t, search+" and photo "+strconv.Itoa(n), err, photo.KindNotFound)
		}
	}
	_, err = s.Match(t.Context(), owner, photo.Filter{Search: "taken:x"}, all[0])
	wantKind(t, "a filter that is malformed", err, photo.KindUsage)
}
