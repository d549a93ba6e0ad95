package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func feedTests() []test {
	return []test{
		{"changes come in order, each photo at its latest one", feedOrder},
		{"deletions are told, also after the photo is purged", feedDeletions},
		{"old deletions are forgotten", feedForgets},
		{"cursors that are not valid", feedCursors},
		{"one owner's changes are not another's", feedApart},
		{"pages of texts", feedPages},
		{"racing writers", feedRace},
	}
}

// changes reads all changes after a cursor in pages of limit, and returns the last cursor.
func changes(t tester, s store.Store, owner, after string, limit int) ([]photo.Change, string) {
	t.Helper()
	var all []photo.Change
	for {
		page, err := s.Changes(t.Context(), owner, after, limit)
		must(t, err)
		if len(page.Changes) > limit {
			t.Fatalf("%d changes, asked for %d", len(page.Changes), limit)
		}
		all = append(all, page.Changes...)
		after = page.Cursor
		if !page.More {
			return all, after
		}
	}
}

func changed(p photo.Photo) photo.Change { return photo.Change{ID: p.ID, Photo: &p} }

func deleted(p photo.Photo) photo.Change { return photo.Change{ID: p.ID, DeletedAt: p.TrashedAt} }

func feedOrder(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	none, cursor := changes(t, s, owner, "", 10)
	same(t, "none", []photo.Change(nil), none)
	p := addNumbered(t, s, owner, 0, 4)
	first, after := changes(t, open(t), owner, cursor, 3)
	same(t, "added", []photo.Change{changed(p[0]), changed(p[1]), changed(p[2]), changed(p[3])}, first)

	d, err := s.Describe(t.Context(), owner, []store.Description{{ID: p[1].ID, Text: "new"}, {ID: p[0].ID, Text: ""}})
	must(t, err)
	tagged := edit(t, s, owner, photo.Edit{ID: p[3].ID, AddTags: []string{"x"}})
	add(t, s, owner, numbered(0), key(9)) // changes nothing
	next, last := changes(t, s, owner, after, 2)
	same(t, "changed", []photo.Change{changed(d[0].Photo), changed(tagged.Photo)}, next)
	all, _ := changes(t, s, owner, "", 2)
	same(t, "from the start", []photo.Change{changed(p[0]), changed(p[2]), changed(d[0].Photo), changed(tagged.Photo)}, all)
	none, _ = changes(t, s, owner, last, 2)
	same(t, "nothing new", []photo.Change(nil), none)

	learned, err := s.Learn(t.Context(), owner, p[0].ID, photo.Facts{Tags: []string{"y"}})
	must(t, err)
	latest, err := s.LatestChange(t.Context(), owner)
	must(t, err)
	undone, err := s.Undo(t.Context(), owner, p[1].ID, 1, nil)
	must(t, err)
	next, _ = changes(t, s, owner, last, 10)
	same(t, "learned and undone", []photo.Change{changed(learned), changed(undone)}, next)
	next, _ = changes(t, s, owner, latest, 10)
	same(t, "after the latest", []photo.Change{changed(undone)}, next)
}

func feedDeletions(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 3)
	_, cursor := changes(t, s, owner, "", 10)
	trash := func(id photo.ID, after time.Duration) photo.Photo {
		t.Helper()
		gone, err := s.Trash(t.Context(), owner, id, after)
		must(t, err)
		return gone
	}
	gone := trash(p[0].ID, time.Hour)
	trash(p[0].ID, time.Hour) // changes nothing
	next, cursor := changes(t, s, owner, cursor, 10)
	same(t, "deleted", []photo.Change{deleted(gone)}, next)

	back, err := s.Restore(t.Context(), owner, p[0].ID)
	must(t, err)
	next, cursor = changes(t, s, owner, cursor, 10)
	same(t, "restored", []photo.Change{changed(back)}, next)

	gone = trash(p[0].ID, 0)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	next, after := changes(t, s, owner, cursor, 10)
	same(t, "purged", []photo.Change{deleted(gone)}, next)

	again := add(t, s, owner, numbered(0), key(9)).Photo
	next, _ = changes(t, s, owner, cursor, 10)
	same(t, "uploaded again", []photo.Change{changed(again)}, next)
	next, _ = changes(t, s, owner, after, 10)
	same(t, "uploaded again, to whoever knows of the deletion", []photo.Change{changed(again)}, next)

	gone = trash(p[0].ID, 0)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	next, _ = changes(t, s, owner, cursor, 10)
	same(t, "purged again", []photo.Change{deleted(gone)}, next)
	all, _ := changes(t, s, owner, "", 10)
	same(t, "from the start", []photo.Change{changed(p[1]), changed(p[2]), deleted(gone)}, all)
}

func feedForgets(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 6)
	start, err := s.Changes(t.Context(), owner, "", 1)
	must(t, err)
	for _, i := range []int{1, 3} {
		_, err := s.Trash(t.Context(), owner, p[i].ID, time.Hour)
		must(t, err)
	}
	_, cursor := changes(t, s, owner, "", 10)
	last := add(t, s, owner, numbered(7), key(7)).Photo
	n, err := s.ForgetDeletions(t.Context(), time.Hour, 10)
	if n != 0 || err != nil {
		t.Errorf("%d young deletions are forgotten, %v", n, err)
	}
	for want := range 3 { // one at a time, then none
		n, err := s.ForgetDeletions(t.Context(), 0, 1)
		if err != nil || n != min(1, 2-want) {
			t.Errorf("forgot %d, %v", n, err)
		}
	}
	_, err = s.Changes(t.Context(), owner, start.Cursor, 10)
	wantKind(t, "a cursor before forgotten deletions", err, photo.KindGone)
	next, _ := changes(t, s, owner, cursor, 10)
	same(t, "a cursor after them", []photo.Change{changed(last)}, next)
	all, _ := changes(t, s, owner, "", 1)
	same(t, "from the start, in small pages", []photo.Change{changed(p[0]), changed(p[2]), changed(p[4]), changed(p[5]), changed(last)}, all)
	back, err := s.Restore(t.Context(), owner, p[1].ID)
	must(t, err)
	next, _ = changes(t, s, owner, cursor, 10)
	same(t, "restored after its deletion was forgotten", []photo.Change{changed(last), changed(back)}, next)
}

func feedCursors(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	addNumbered(t, s, alice, 0, 3)
	_, cursor := changes(t, s, alice, "", 10)
	for _, bad := range []string{"x", "!", cursor + "A", cursor[1:]} {
		_, err := s.Changes(t.Context(), alice, bad, 10)
		wantKind(t, bad, err, photo.KindUsage)
	}
	_, err := s.Changes(t.Context(), bob, cursor, 10)
	wantKind(t, "another owner's", err, photo.KindGone)
	_, err = s.Changes(t.Context(), "nobody", "", 10)
	wantKind(t, "no owner", err, photo.KindNotFound)
	_, err = s.LatestChange(t.Context(), "nobody")
	wantKind(t, "no owner", err, photo.KindNotFound)
}

func feedApart(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	hers := add(t, s, alice, numbered(1), key(1)).Photo
	his := add(t, s, bob, numbered(1), key(2)).Photo
	got, _ := changes(t, s, alice, "", 10)
	same(t, "alice's", []photo.Change{changed(hers)}, got)
	got, _ = changes(t, s, bob, "", 10)
	same(t, "bob's", []photo.Change{changed(his)}, got)
}

func feedPages(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	var want []photo.Change
	long := make([]byte, photo.MaxDescription)
	for i := range long {
		long[i] = 'x'
	}
	for i := range 600 {
		p := numbered(i)
		p.Description, p.DescriptionSource = string(long), photo.FromFlag
		want = append(want, changed(add(t, s, owner, p, key(i)).Photo))
	}
	page, err := s.Changes(t.Context(), owner, "", 5000)
	must(t, err)
	if n := len(page.Changes); n == 600 || !page.More {
		t.Errorf("a page has %d photos with long texts, more: %v", n, page.More)
	}
	got, _ := changes(t, s, owner, "", 5000)
	same(t, "all", want, got)
}

// feedRace lets writers on several connections change the photos of one owner while readers
// follow. Each reader sees the last state of every photo, and no cursor ever misses a change.
func feedRace(t *testing.T, open Opener) {
	handles := []store.Store{open(t), open(t), open(t)}
	owner := anOwner(t, handles[0], "alice")
	const writers, rounds = 6, 25
	writing := make(chan struct{})
	var wg, readers sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for round := range rounds {
				err := change(t, handles[w%len(handles)], owner, random, fmt.Sprint(w, " ", round))
				if err != nil && photo.KindOf(err) != photo.KindUnavailable { // another transaction had the rows
					t.Error(err)
				}
			}
		})
	}
	seen := make([]map[photo.ID]photo.Change, 3)
	for r := range seen {
		seen[r] = map[photo.ID]photo.Change{}
		readers.Go(func() {
			after := ""
			for done := false; ; {
				page, err := handles[r%len(handles)].Changes(t.Context(), owner, after, 5)
				if err != nil {
					t.Error(err)
					return
				}
				after = page.Cursor
				note(t, seen[r], page)
				if page.More {
					continue
				}
				if done {
					return
				}
				select {
				case <-writing:
					done = true
				default:
				}
			}
		})
	}
	wg.Wait()
	close(writing)
	readers.Wait()
	last, _ := changes(t, handles[0], owner, "", 7)
	want := map[photo.ID]photo.Change{}
	for _, c := range last {
		if _, twice := want[c.ID]; twice {
			t.Errorf("photo %s is there twice", c.ID.Short())
		}
		want[c.ID] = c
		p, _, err := handles[1].Get(t.Context(), owner, c.ID, store.Live)
		if c.Photo == nil {
			wantKind(t, "a photo that is deleted", err, photo.KindNotFound)
			continue
		}
		must(t, err)
		same(t, "a photo and its change", p, *c.Photo)
	}
	for r, got := range seen {
		same(t, fmt.Sprint("what reader ", r, " knows"), want, got)
	}
}

// note applies a page to what a reader knows. A photo never goes back to an earlier version.
func note(t *testing.T, known map[photo.ID]photo.Change, page photo.Changes) {
	t.Helper()
	inPage := map[photo.ID]bool{}
	for _, c := range page.Changes {
		before := known[c.ID].Photo
		if before != nil && c.Photo != nil && c.Photo.UploadedAt.Equal(before.UploadedAt) && c.Photo.Version < before.Version {
			t.Errorf("photo %s went from version %d to %d", c.ID.Short(), before.Version, c.Photo.Version)
		}
		if inPage[c.ID] {
			t.Errorf("photo %s is twice in a page", c.ID.Short())
		}
		inPage[c.ID], known[c.ID] = true, c
	}
}

// change does something with one of a few photos.
func change(t *testing.T, s store.Store, owner string, random *rand.Rand, what string) error {
	t.Helper()
	i := random.IntN(12)
	id := numbered(i).ID
	var err error
	switch random.IntN(6) {
	case 0, 1:
		_, err = s.Add(t.Context(), owner, numbered(i), "key "+what)
	case 2:
		_, err = s.Describe(t.Context(), owner, []store.Description{{ID: id, Text: what}})
	case 3:
		_, err = s.Edit(t.Context(), owner, []photo.Edit{{ID: id, AddTags: []string{what}}, {ID: numbered((i + 1) % 12).ID, AddTags: []string{what}}})
	case 4:
		_, err = s.Trash(t.Context(), owner, id, time.Duration(random.IntN(2))*time.Hour)
	default:
		if _, err = s.Restore(t.Context(), owner, id); err == nil {
			_, err = s.Purge(t.Context(), 2)
		}
	}
	if photo.KindOf(err) == photo.KindNotFound {
		return nil
	}
	return err
}
