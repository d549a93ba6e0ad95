package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func stagedTests() []test {
	return []test{
		{"a staged upload is saved with its parts", savesStaged},
		{"a staged upload has one holder", oneHolder},
		{"a lease of a staged upload runs out", stagedLease},
		{"one of many becomes the holder", oneOfManyHolds},
		{"an ended staged upload has no holder", endsStaged},
		{"staged uploads are listed", listsStaged},
		{"what has expired is previewed", previewsExpired},
	}
}

const long = time.Hour

// staged returns the rows of staged uploads of a store.
func staged(t tester, s store.Store) store.StagedRows {
	t.Helper()
	rows, ok := s.(store.StagedRows)
	if !ok {
		t.Fatal("the store has no rows of staged uploads")
	}
	return rows
}

func savesStaged(t *testing.T, open Opener) {
	s := staged(t, open(t))
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", long))
	wantKind(t, "CreateStaged of a name that exists", s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "bob"}, "i", long), photo.KindConflict)
	want := store.Staged{Name: "one", Owner: "alice", Key: "one-K", Multipart: "an ID / with = signs", Claimed: 2, Size: 1 << 40, Tail: ".uploads/one/T", TailSize: 7, Tails: true, Digest: []byte{0, 255}, State: store.StagedAssembled}
	parts := []store.StagedPart{{Number: 1, ETag: `"e1"`, Checksum: "c1=", Size: 5 << 20}, {Number: 2, ETag: `"e2"`, Size: 1}}
	for i := range parts {
		must(t, s.SaveStaged(t.Context(), want, &parts[i], "h", long))
	}
	must(t, s.SaveStaged(t.Context(), want, nil, "h", long))
	got, err := s.Staged(t.Context(), "one")
	must(t, err)
	recent(t, "Modified", got.Modified)
	want.Modified = got.Modified
	same(t, "Staged", want, got)
	must(t, s.ReleaseStaged(t.Context(), "one", "h"))
	want.Parts = parts
	got, err = staged(t, open(t)).HoldStaged(t.Context(), "one", "i", long)
	must(t, err)
	same(t, "HoldStaged", want, got)
	for key, want := range map[string]bool{"one-K": true, "other": false} {
		if found, err := s.StagedWithKey(t.Context(), key); err != nil || found != want {
			t.Errorf("StagedWithKey(%s) = %t, %v", key, found, err)
		}
	}
	must(t, s.DeleteStaged(t.Context(), "one"))
	must(t, s.DeleteStaged(t.Context(), "one"))
	_, err = s.Staged(t.Context(), "one")
	wantKind(t, "Staged that was deleted", err, photo.KindNotFound)
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", 0))
	again, err := s.HoldStaged(t.Context(), "one", "h", long)
	must(t, err)
	if len(again.Parts) != 0 {
		t.Errorf("a new staged upload has the parts %v of the one before", again.Parts)
	}
}

func oneHolder(t *testing.T, open Opener) {
	s := staged(t, open(t))
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", long))
	if _, err := s.HoldStaged(t.Context(), "one", "i", long); !errors.Is(err, store.ErrHeld) {
		t.Errorf("HoldStaged while it is held: %v", err)
	}
	wantKind(t, "SaveStaged of another", s.SaveStaged(t.Context(), store.Staged{Name: "one"}, nil, "i", long), photo.KindConflict)
	wantKind(t, "KeepStaged of another", s.KeepStaged(t.Context(), "one", "i", long), photo.KindConflict)
	must(t, s.ReleaseStaged(t.Context(), "one", "i"))
	must(t, s.KeepStaged(t.Context(), "one", "h", long))
	must(t, s.ReleaseStaged(t.Context(), "one", "h"))
	wantKind(t, "SaveStaged after the release", s.SaveStaged(t.Context(), store.Staged{Name: "one"}, nil, "h", long), photo.KindConflict)
	_, err := s.HoldStaged(t.Context(), "one", "i", long)
	must(t, err)
	_, err = s.HoldStaged(t.Context(), "absent", "i", long)
	wantKind(t, "HoldStaged of none", err, photo.KindNotFound)
}

func stagedLease(t *testing.T, open Opener) {
	s := staged(t, open(t))
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", 0))
	must(t, s.SaveStaged(t.Context(), store.Staged{Name: "one"}, nil, "h", 0)) // nobody has taken it
	_, err := s.HoldStaged(t.Context(), "one", "i", long)
	must(t, err)
	part := store.StagedPart{Number: 1}
	wantKind(t, "SaveStaged of the former holder", s.SaveStaged(t.Context(), store.Staged{Name: "one", Size: 5}, &part, "h", long), photo.KindConflict)
	wantKind(t, "KeepStaged of the former holder", s.KeepStaged(t.Context(), "one", "h", long), photo.KindConflict)
	must(t, s.ReleaseStaged(t.Context(), "one", "i"))
	got, err := s.HoldStaged(t.Context(), "one", "j", long)
	must(t, err)
	if got.Size != 0 || len(got.Parts) != 0 {
		t.Errorf("the former holder saved %+v", got)
	}
}

func oneOfManyHolds(t *testing.T, open Opener) {
	s := staged(t, open(t))
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", 0))
	var mu sync.Mutex
	var wg sync.WaitGroup
	held := 0
	for _, holder := range []string{"a", "b", "c", "d", "e", "f"} {
		wg.Go(func() {
			_, err := s.HoldStaged(t.Context(), "one", holder, long)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				held++
			} else if !errors.Is(err, store.ErrHeld) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if held != 1 {
		t.Errorf("%d hold the staged upload", held)
	}
}

func endsStaged(t *testing.T, open Opener) {
	s := staged(t, open(t))
	must(t, s.CreateStaged(t.Context(), store.Staged{Name: "one", Owner: "alice"}, "h", long))
	must(t, s.SaveStaged(t.Context(), store.Staged{Name: "one", Owner: "alice", Key: "k"}, nil, "h", long))
	for range 2 {
		got, err := s.EndStaged(t.Context(), "one")
		must(t, err)
		if got.Key != "k" {
			t.Errorf("EndStaged = %+v", got)
		}
	}
	wantKind(t, "SaveStaged after the end", s.SaveStaged(t.Context(), store.Staged{Name: "one"}, nil, "h", long), photo.KindConflict)
	if _, err := s.HoldStaged(t.Context(), "one", "i", long); !errors.Is(err, store.ErrHeld) {
		t.Errorf("HoldStaged after the end: %v", err)
	}
	_, err := s.EndStaged(t.Context(), "absent")
	wantKind(t, "EndStaged of none", err, photo.KindNotFound)
}

func listsStaged(t *testing.T, open Opener) {
	s := staged(t, open(t))
	for _, name := range []string{"c", "a", "b"} {
		must(t, s.CreateStaged(t.Context(), store.Staged{Name: name, Owner: "alice"}, "h", long))
	}
	var names []string
	for after := ""; ; {
		page, err := s.StagedAfter(t.Context(), after, 2)
		must(t, err)
		for _, row := range page {
			names, after = append(names, row.Name), row.Name
		}
		if len(page) < 2 {
			break
		}
	}
	same(t, "StagedAfter", []string{"a", "b", "c"}, names)
}

// preview is what a preview of a sweep needs of a store.
type preview interface {
	EachExpired(ctx context.Context, f func(store.Expired) error) error
	OrphanDue(ctx context.Context, key string, keep time.Duration) (bool, error)
}

func previewsExpired(t *testing.T, open Opener) {
	s := open(t)
	alice := anOwner(t, s, "alice")
	p, ok := s.(preview)
	if !ok {
		t.Fatal("the store has no preview")
	}
	addNumbered(t, s, alice, 0, 2)
	_, err := s.Trash(t.Context(), alice, numbered(1).ID, 0)
	must(t, err)
	for id, lifetime := range map[string]time.Duration{"over": 0, "under-way": long} {
		_, err := s.CreateUpload(t.Context(), store.Upload{ID: id, Owner: alice, Length: 10}, lifetime)
		must(t, err)
	}
	for range 2 { // nothing changes
		var got []store.Expired
		must(t, p.EachExpired(t.Context(), func(e store.Expired) error { got = append(got, e); return nil }))
		same(t, "EachExpired", []store.Expired{{Upload: "over", Owner: alice}, {Owner: alice, Key: key(1)}}, got)
	}
	if due, err := p.OrphanDue(t.Context(), "lost", 0); err != nil || due {
		t.Errorf("OrphanDue of one that was never seen = %t, %v", due, err)
	}
	_, err = s.Orphan(t.Context(), alice, "lost", 0)
	must(t, err)
	for keep, want := range map[time.Duration]bool{0: true, long: false} {
		if due, err := p.OrphanDue(t.Context(), "lost", keep); err != nil || due != want {
			t.Errorf("OrphanDue after %s = %t, %v", keep, due, err)
		}
	}
}
