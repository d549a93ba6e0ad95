package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func togetherTests() []test {
	return []test{
		{"any sequence of calls", againstModel},
		{"many callers add one photo", sameByMany},
		{"a failing call does not affect others", failuresApart},
		{"many callers ask for one subject", ownerByMany},
		{"a cancelled call", cancelled},
		{"many callers through two handles", twoHandles},
	}
}

func sameByMany(t *testing.T, open Opener) {
	one, other := open(t), open(t)
	owner := anOwner(t, one, "alice")
	const callers = 16
	results := make([]store.Added, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			s := []store.Store{one, other}[i%2]
			a, err := s.Add(t.Context(), owner, numbered(1), key(i))
			if err != nil {
				t.Error(err)
			}
			results[i] = a
		})
	}
	wg.Wait()
	outcomes := map[photo.Outcome]int{}
	winner := ""
	for i, a := range results {
		outcomes[a.Outcome]++
		if a.Outcome == photo.OutcomeUploaded {
			winner = key(i)
		}
	}
	same(t, "outcomes", map[photo.Outcome]int{photo.OutcomeUploaded: 1, photo.OutcomeExists: callers - 1}, outcomes)
	for i, a := range results {
		if a.Key != winner {
			t.Errorf("caller %d was told key %s, the photo lies under %s", i, a.Key, winner)
		}
	}
	wantUsage(t, one, owner, store.Usage{Photos: 1, Bytes: numbered(1).Size})
}

func failuresApart(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	const callers = 40
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			if i%2 == 0 {
				_, err := s.FinishUpload(t.Context(), owner, fmt.Sprint("none-", i), 1, numbered(i), key(i), finishes)
				wantKind(t, "no such upload", err, photo.KindNotFound)
				return
			}
			if _, err := s.Add(t.Context(), owner, numbered(i), key(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := all(t, s, owner, photo.Filter{}, 7); len(got) != callers/2 {
		t.Errorf("%d photos, want %d", len(got), callers/2)
	}
}

func ownerByMany(t *testing.T, open Opener) {
	one, other := open(t), open(t)
	owners := make([]string, 16)
	var wg sync.WaitGroup
	for i := range owners {
		wg.Go(func() {
			owner, err := []store.Store{one, other}[i%2].Owner(t.Context(), "pool", "alice")
			if err != nil {
				t.Error(err)
			}
			owners[i] = owner
		})
	}
	wg.Wait()
	for _, owner := range owners {
		if owner != owners[0] {
			t.Fatalf("owners differ: %v", owners)
		}
	}
}

func cancelled(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Add(ctx, owner, numbered(1), key(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Add = %v", err)
	}
	if _, err := s.List(ctx, owner, photo.Filter{}, "", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("List = %v", err)
	}
	if a := add(t, s, owner, numbered(1), key(1)); a.Outcome != photo.OutcomeUploaded {
		t.Errorf("after it: %+v", a)
	}
}

func twoHandles(t *testing.T, open Opener) {
	const callers, each = 8, 10
	handles := []store.Store{open(t), open(t)}
	owner := anOwner(t, handles[0], "alice")
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				n := c*each + i
				if _, err := handles[n%2].Add(t.Context(), owner, numbered(n), key(n)); err != nil {
					t.Error(err)
				}
				if n%3 == 0 {
					if _, err := handles[(n+1)%2].Trash(t.Context(), owner, numbered(n).ID, time.Hour); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	var want store.Usage
	for n := range callers * each {
		if n%3 != 0 {
			want.Photos++
			want.Bytes += numbered(n).Size
		} else {
			want.TrashedPhotos++
			want.TrashedBytes += numbered(n).Size
		}
	}
	for _, s := range handles {
		wantUsage(t, s, owner, want)
		if got := len(all(t, s, owner, photo.Filter{}, 100)); int64(got) != want.Photos {
			t.Errorf("%d live photos are listed, want %d", got, want.Photos)
		}
	}
}
