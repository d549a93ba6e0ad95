package storetest

import (
	"fmt"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func revisionTests() []test {
	return []test{
		{"earlier descriptions are kept", keepsEarlier},
		{"undo goes back step by step", undoSteps},
		{"an undo of a change after an undo", undoAfterChange},
		{"a repeated undo is one undo", undoRepeated},
		{"undo of this version only", undoVersion},
		{"nothing to undo", undoNothing},
		{"old revisions are removed, the last one by a human stays", prunes},
		{"an undo skips what was removed", undoOverPruned},
		{"every method keeps the history", everyPath},
		{"the trash keeps the history, purge removes it", historyInTrash},
		{"each owner has a history", historiesApart},
	}
}

// describe sets a photo's description, and fails the test if that changes nothing.
func describe(t tester, s store.Store, owner string, id photo.ID, text string, source photo.Source) photo.Photo {
	t.Helper()
	got, err := s.Describe(t.Context(), owner, []store.Description{{ID: id, Text: text, Source: source}})
	must(t, err)
	if got[0].Err != nil || !got[0].Changed {
		t.Fatalf("describe as %q: %+v", text, got[0])
	}
	return got[0].Photo
}

func historyOf(t tester, s store.Store, owner string, id photo.ID) photo.History {
	t.Helper()
	h, err := s.History(t.Context(), owner, id)
	must(t, err)
	return h
}

// undo goes one step back, like a client.
func undo(t tester, s store.Store, owner string, id photo.ID) photo.Photo {
	t.Helper()
	for _, v := range historyOf(t, s, owner, id).Revisions {
		if v.Undo {
			p, err := s.Undo(t.Context(), owner, id, v.Number, nil)
			must(t, err)
			return p
		}
	}
	t.Fatal("nothing to undo")
	return photo.Photo{}
}

// wantTexts compares the texts of a history: the current one and then the others, newest
// first. A * marks the one that an undo goes back to.
func wantTexts(t tester, s store.Store, owner string, id photo.ID, want ...string) {
	t.Helper()
	var got []string
	h := historyOf(t, s, owner, id)
	for i, v := range h.Revisions {
		text := v.Text
		if v.Undo {
			text += "*"
		}
		if v.Current != (i == 0) {
			t.Errorf("revision %d of %d is current: %t", i, len(h.Revisions), v.Current)
		}
		got = append(got, text)
	}
	same(t, "texts", want, got)
	if h.Photo.Description != h.Revisions[0].Text || h.Photo.DescriptionSource != h.Revisions[0].Source {
		t.Errorf("the photo has %q, the history %+v", h.Photo.Description, h.Revisions[0])
	}
}

func keepsEarlier(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Description, p.DescriptionSource = "one", photo.FromEmbedded
	uploaded := add(t, s, owner, p, key(1)).Photo
	wantTexts(t, s, owner, p.ID, "one")
	describe(t, s, owner, p.ID, "two", photo.FromWeb)
	last := describe(t, s, owner, p.ID, "", photo.FromFlag)
	h := historyOf(t, open(t), owner, p.ID)
	for _, v := range h.Revisions[:2] {
		recent(t, "SetAt", v.SetAt)
		if v.SetAt.Before(uploaded.UploadedAt) {
			t.Errorf("set at %v, uploaded at %v", v.SetAt, uploaded.UploadedAt)
		}
	}
	same(t, "history", photo.History{Photo: last, Revisions: []photo.Revision{
		{Number: 3, SetAt: h.Revisions[0].SetAt, Current: true},
		{Number: 2, Text: "two", Source: photo.FromWeb, SetAt: h.Revisions[1].SetAt, Undo: true},
		{Number: 1, Text: "one", Source: photo.FromEmbedded, SetAt: uploaded.UploadedAt},
	}}, h)
	got, err := s.Describe(t.Context(), owner, []store.Description{{ID: p.ID, Text: ""}})
	must(t, err)
	if got[0].Changed {
		t.Error("erasing an empty description changed it")
	}
	wantTexts(t, s, owner, p.ID, "", "two*", "one")
}

func undoSteps(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	describe(t, s, owner, p.ID, "one", photo.FromFlag)
	before := describe(t, s, owner, p.ID, "two", photo.FromStdin)
	after := undo(t, s, owner, p.ID)
	want := before
	want.Description, want.DescriptionSource, want.Version = "one", photo.FromFlag, before.Version+1
	same(t, "undone", want, after)
	same(t, "photo", want, get(t, s, owner, p.ID))
	wantTexts(t, s, owner, p.ID, "one", "two", "*")
	if page := all(t, s, owner, photo.Filter{Search: "one"}, 10); len(page) != 1 {
		t.Errorf("a search finds %d", len(page))
	}
	undo(t, s, owner, p.ID)
	wantTexts(t, s, owner, p.ID, "", "two", "one")
}

func undoAfterChange(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	for _, text := range []string{"one", "two", "three"} {
		describe(t, s, owner, p.ID, text, photo.FromFlag)
	}
	undo(t, s, owner, p.ID)
	describe(t, s, owner, p.ID, "four", photo.FromFlag)
	wantTexts(t, s, owner, p.ID, "four", "three", "two*", "one", "")
	undo(t, s, owner, p.ID)
	undo(t, s, owner, p.ID)
	wantTexts(t, s, owner, p.ID, "one", "four", "three", "two", "*")
}

func undoRepeated(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	for _, text := range []string{"one", "two"} {
		describe(t, s, owner, p.ID, text, photo.FromFlag)
	}
	h := historyOf(t, s, owner, p.ID)
	var first photo.Photo
	for i := range 2 {
		got, err := s.Undo(t.Context(), owner, p.ID, h.Revisions[1].Number, &h.Photo.Version)
		must(t, err)
		if i == 0 {
			first = got
		}
		same(t, "photo", first, got)
	}
	wantTexts(t, s, owner, p.ID, "one", "two", "*")
}

func undoVersion(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	old := describe(t, s, owner, p.ID, "one", photo.FromFlag).Version
	describe(t, s, owner, p.ID, "two", photo.FromFlag)
	_, err := s.Undo(t.Context(), owner, p.ID, 1, &old)
	wantKind(t, "Undo of an old version", err, photo.KindChanged)
	wantTexts(t, s, owner, p.ID, "two", "one*", "")
}

func undoNothing(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	wantTexts(t, s, owner, p.ID, "")
	for _, to := range []int64{-1, 0, 2} {
		_, err := s.Undo(t.Context(), owner, p.ID, to, nil)
		wantKind(t, "Undo to what is not kept", err, photo.KindConflict)
	}
	same(t, "photo", p, get(t, s, owner, p.ID))
	_, err := s.Undo(t.Context(), owner, numbered(9).ID, 1, nil)
	wantKind(t, "Undo of no photo", err, photo.KindNotFound)
	_, err = s.History(t.Context(), owner, numbered(9).ID)
	wantKind(t, "History of no photo", err, photo.KindNotFound)
}

func prunes(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	describe(t, s, owner, p.ID, "a human's", photo.FromFlag)
	describe(t, s, owner, p.ID, "a later human's", photo.FromWeb)
	var want []string
	for i := range photo.MaxRevisions + 3 {
		text := fmt.Sprint(i)
		describe(t, s, owner, p.ID, text, photo.FromSidecar)
		want = append([]string{text}, want...)
	}
	want = want[:photo.MaxRevisions+1]
	want[1] += "*"
	wantTexts(t, s, owner, p.ID, append(want, "a later human's")...)
}

func undoOverPruned(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	describe(t, s, owner, p.ID, "a human's", photo.FromFlag)
	for i := range photo.MaxRevisions + 3 {
		describe(t, s, owner, p.ID, fmt.Sprint(i), photo.FromEmbedded)
	}
	var last photo.Photo
	for range photo.MaxRevisions + 1 {
		last = undo(t, s, owner, p.ID)
	}
	if last.Description != "a human's" {
		t.Errorf("the last undo leads to %q", last.Description)
	}
	for _, v := range historyOf(t, s, owner, p.ID).Revisions {
		if v.Undo {
			t.Errorf("an undo leads on to %+v", v)
		}
	}
}

func everyPath(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ps := addNumbered(t, s, owner, 0, 2)
	for i, p := range ps { // an upload that fills an empty description, by Add and by the last bytes of an upload
		p.Description, p.DescriptionSource = "filled", photo.FromSidecar
		if i == 0 {
			add(t, s, owner, p, key(7))
		} else {
			u, err := s.CreateUpload(t.Context(), store.Upload{ID: "up", Owner: owner, Photo: p.ID, Length: 1}, time.Hour)
			must(t, err)
			_, err = s.FinishUpload(t.Context(), owner, u.ID, u.Generation, p, key(8), finishes)
			must(t, err)
		}
		wantTexts(t, s, owner, p.ID, "filled", "*")
	}
	_, err := s.Describe(t.Context(), owner, []store.Description{
		{ID: ps[0].ID, Text: "new", Source: photo.FromFlag},
		{ID: ps[1].ID, Text: "kept", OnlyIfEmpty: true},
		{ID: ps[0].ID, Text: "newer", Source: photo.FromFlag},
	})
	must(t, err)
	wantTexts(t, s, owner, ps[0].ID, "newer", "new*", "filled", "")
	wantTexts(t, s, owner, ps[1].ID, "filled", "*")
}

func historyInTrash(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	describe(t, s, owner, p.ID, "one", photo.FromFlag)
	_, err := s.Trash(t.Context(), owner, p.ID, 0)
	must(t, err)
	_, err = s.History(t.Context(), owner, p.ID)
	wantKind(t, "History of a trashed photo", err, photo.KindNotFound)
	_, err = s.Undo(t.Context(), owner, p.ID, 1, nil)
	wantKind(t, "Undo of a trashed photo", err, photo.KindNotFound)
	_, err = s.Restore(t.Context(), owner, p.ID)
	must(t, err)
	wantTexts(t, s, owner, p.ID, "one", "*")
	_, err = s.Trash(t.Context(), owner, p.ID, 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	addNumbered(t, s, owner, 0, 1)
	wantTexts(t, s, owner, p.ID, "")
}

func historiesApart(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	p := addNumbered(t, s, alice, 0, 1)[0]
	describe(t, s, alice, p.ID, "hers", photo.FromFlag)
	_, err := s.History(t.Context(), bob, p.ID)
	wantKind(t, "History of another's photo", err, photo.KindNotFound)
	_, err = s.Undo(t.Context(), bob, p.ID, 1, nil)
	wantKind(t, "Undo of another's photo", err, photo.KindNotFound)
	add(t, s, bob, numbered(0), key(9))
	wantTexts(t, s, bob, p.ID, "")
	describe(t, s, bob, p.ID, "his", photo.FromFlag)
	undo(t, s, bob, p.ID)
	wantTexts(t, s, alice, p.ID, "hers", "*")
}
