package storetest

import (
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func describeTests() []test {
	return []test{
		{"one result per item", describeSeveral},
		{"one photo twice in a call", describeTwice},
		{"only this version", describeVersion},
	}
}

func describeSeveral(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ps := addNumbered(t, s, owner, 0, 5)
	_, err := s.Trash(t.Context(), owner, ps[4].ID, time.Hour)
	must(t, err)
	_, err = s.Describe(t.Context(), owner, []store.Description{
		{ID: ps[1].ID, Text: "there", Source: photo.FromFlag}, {ID: ps[3].ID, Text: "there", Source: photo.FromFlag},
	})
	must(t, err)
	longest := photo.FromCommand(strings.Repeat("x", photo.MaxCommandName))
	got, err := s.Describe(t.Context(), owner, []store.Description{
		{ID: ps[0].ID, Text: "new", Source: photo.FromWeb},
		{ID: numbered(99).ID, Text: "nobody"},
		{ID: ps[1].ID, Text: "not used", OnlyIfEmpty: true},
		{ID: ps[2].ID, Text: "filled", Source: longest, OnlyIfEmpty: true},
		{ID: ps[3].ID, Text: "", Source: photo.FromFlag},
		{ID: ps[4].ID, Text: "in the trash"},
		{ID: ps[0].ID, Text: "new", Source: photo.FromFlag},
	})
	must(t, err)
	set := func(i int, text string, source photo.Source, version int64) photo.Photo {
		p := ps[i]
		p.Description, p.DescriptionSource, p.Version = text, source, version
		return p
	}
	wantKind(t, "unknown", got[1].Err, photo.KindNotFound)
	wantKind(t, "trashed", got[5].Err, photo.KindNotFound)
	got[1].Err, got[5].Err = nil, nil
	same(t, "results", []store.Described{
		{Photo: set(0, "new", photo.FromWeb, 2), Changed: true},
		{},
		{Photo: set(1, "there", photo.FromFlag, 2)},
		{Photo: set(2, "filled", longest, 2), Changed: true},
		{Photo: set(3, "", "", 3), Changed: true},
		{},
		{Photo: set(0, "new", photo.FromWeb, 2)},
	}, got)
	same(t, "photo", set(3, "", "", 3), get(t, s, owner, ps[3].ID))
}

func describeTwice(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	got, err := s.Describe(t.Context(), owner, []store.Description{{ID: p.ID, Text: "one"}, {ID: p.ID, Text: "two"}})
	must(t, err)
	if got[0].Photo.Description != "one" || got[1].Photo.Description != "two" || got[1].Photo.Version != 3 {
		t.Errorf("results: %+v", got)
	}
}

func describeVersion(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	old := p.Version
	got, err := s.Describe(t.Context(), owner, []store.Description{{ID: p.ID, Text: "mine", IfVersion: &old}})
	must(t, err)
	if got[0].Err != nil || got[0].Photo.Version != old+1 {
		t.Errorf("with the right version: %+v", got[0])
	}
	got, err = s.Describe(t.Context(), owner, []store.Description{{ID: p.ID, Text: "late", IfVersion: &old}})
	must(t, err)
	wantKind(t, "with an old version", got[0].Err, photo.KindChanged)
	if d := get(t, s, owner, p.ID).Description; d != "mine" {
		t.Errorf("description %q", d)
	}
}
