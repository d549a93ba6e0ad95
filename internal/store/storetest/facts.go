package storetest

import (
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func factsTests() []test {
	return []test{
		{"dates and positions come back with their sources", wholeFacts},
		{"a better source replaces a worse one", learn},
		{"adding again replaces what came from a worse source", addLearns},
		{"a photo that gets a date takes its place by the time taken", learnMoves},
	}
}

func at(s string) photo.Moment {
	var m photo.Moment
	if err := m.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return m
}

func takeout() photo.Facts {
	return photo.Facts{
		Modified: time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC),
		Taken:    at("2018-07-22T17:46:42Z"), TakenSource: photo.FactTakeout,
		Position: &photo.Position{Latitude: 1.5, Longitude: -2}, PositionSource: photo.FactTakeout,
	}
}

func wholeFacts(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Learn(takeout())
	want := add(t, s, owner, p, key(1)).Photo
	same(t, "facts", takeout(), want.Facts())
	same(t, "photo", want, get(t, open(t), owner, p.ID))
	add(t, s, owner, numbered(2), key(2))
	same(t, "none", photo.Facts{}, func() photo.Facts { p := get(t, s, owner, numbered(2).ID); return p.Facts() }())
	statuses, err := s.Check(t.Context(), owner, []photo.ID{p.ID, numbered(2).ID})
	must(t, err)
	same(t, "check", []photo.Status{
		{ID: p.ID, State: photo.Stored, TakenSource: photo.FactTakeout, PositionSource: photo.FactTakeout},
		{ID: numbered(2).ID, State: photo.Stored},
	}, statuses)
}

func learn(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.TakenAt, p.TakenSource = at("2024-01-01T12:00:00"), photo.FactEmbedded
	want := add(t, s, owner, p, key(1)).Photo

	got, err := s.Learn(t.Context(), owner, p.ID, takeout())
	must(t, err)
	want.Learn(takeout())
	want.Version = 2
	same(t, "learned", want, got)
	if got.TakenSource != photo.FactEmbedded || got.PositionSource != photo.FactTakeout {
		t.Errorf("sources %q and %q", got.TakenSource, got.PositionSource)
	}
	got, err = s.Learn(t.Context(), owner, p.ID, takeout())
	must(t, err)
	same(t, "learned again", want, got)
	same(t, "photo", want, get(t, open(t), owner, p.ID))

	_, err = s.Learn(t.Context(), owner, numbered(2).ID, takeout())
	wantKind(t, "unknown", err, photo.KindNotFound)
	_, err = s.Learn(t.Context(), anOwner(t, s, "bob"), p.ID, takeout())
	wantKind(t, "another owner's", err, photo.KindNotFound)
	_, err = s.Trash(t.Context(), owner, p.ID, time.Hour)
	must(t, err)
	_, err = s.Learn(t.Context(), owner, p.ID, takeout())
	wantKind(t, "trashed", err, photo.KindNotFound)
}

func addLearns(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Learn(takeout())
	want := add(t, s, owner, p, key(1)).Photo

	better := numbered(1)
	better.TakenAt, better.TakenSource = at("2018-07-22T19:46:42.5+02:00"), photo.FactSidecar
	want.TakenAt, want.TakenSource, want.Version = better.TakenAt, better.TakenSource, 2
	same(t, "added", store.Added{Photo: want, Key: key(1), Outcome: photo.OutcomeExists}, add(t, s, owner, better, key(2)))

	worse := numbered(1)
	worse.Learn(photo.Facts{Modified: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)})
	same(t, "added", store.Added{Photo: want, Key: key(1), Outcome: photo.OutcomeExists}, add(t, s, owner, worse, key(3)))
	same(t, "photo", want, get(t, s, owner, p.ID))
}

func learnMoves(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, taken := range []string{"2019-01-01T00:00:00", "", "2018-01-01T00:00:00"} {
		p := numbered(i)
		p.Name, p.TakenAt = string(rune('a'+i)), at(taken)
		add(t, s, owner, p, key(i))
	}
	if got := names(all(t, s, owner, photo.Filter{By: photo.ByTaken}, 1)); got != "a c b" {
		t.Errorf("before: %s", got)
	}
	_, err := s.Learn(t.Context(), owner, numbered(1).ID, takeout())
	must(t, err)
	if got := names(all(t, s, owner, photo.Filter{By: photo.ByTaken}, 1)); got != "a b c" {
		t.Errorf("after: %s", got)
	}
}
