package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/dbserver"
)

// Calls that come while a query runs share the next one, never the one that runs: it may not see what was
// committed since it began.
func TestSharedReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked [][]int
		proceed := make(chan error)
		s := &sharedReads[int, string]{query: func(_ context.Context, keys []int) (map[int]string, error) {
			slices.Sort(keys)
			asked = append(asked, keys)
			if err := <-proceed; err != nil {
				return nil, err
			}
			return map[int]string{1: "one", 2: "two"}, nil
		}}
		got := map[string]int{}
		var mu sync.Mutex
		ask := func(ctx context.Context, key int) {
			go func() {
				row, found, err := s.get(ctx, key)
				mu.Lock()
				defer mu.Unlock()
				got[fmt.Sprintf("%d: %q, %t, %v", key, row, found, err)]++
			}()
			synctest.Wait()
		}
		ask(t.Context(), 1)
		ask(t.Context(), 1)
		ask(t.Context(), 2)
		ask(t.Context(), 2)
		ask(t.Context(), 3)
		gone, leave := context.WithCancel(t.Context())
		ask(gone, 2)
		leave()
		synctest.Wait()
		proceed <- nil
		proceed <- nil
		synctest.Wait()
		ask(t.Context(), 1)
		ask(t.Context(), 2)
		proceed <- errors.New("gone away")
		proceed <- nil
		synctest.Wait()
		if d := cmp.Diff([][]int{{1}, {1, 2, 3}, {1}, {2}}, asked); d != "" {
			t.Errorf("queries (-want +got):\n%s", d)
		}
		want := map[string]int{
			`1: "one", true, <nil>`: 2, `2: "two", true, <nil>`: 3, `3: "", false, <nil>`: 1,
			`2: "", false, context canceled`: 1, `1: "", false, gone away`: 1,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("results (-want +got):\n%s", d)
		}
	})
}

// One query has mostKeys keys at most.
func TestSharedReadsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []int
		proceed := make(chan struct{})
		s := &sharedReads[int, int]{query: func(_ context.Context, keys []int) (map[int]int, error) {
			asked = append(asked, len(keys))
			<-proceed
			return nil, nil
		}}
		for key := range 1 + 2*mostKeys + 1 {
			go func() { _, _, _ = s.get(t.Context(), key) }()
			synctest.Wait()
		}
		close(proceed)
		synctest.Wait()
		if d := cmp.Diff([]int{1, mostKeys, mostKeys, 1}, asked); d != "" {
			t.Errorf("keys of the queries (-want +got):\n%s", d)
		}
	})
}

// A query that gets no answer delays the calls after it for a few seconds, not for as long as the system
// sends its packets again.
func TestSharedReadWithoutAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := &sharedReads[int, int]{query: func(ctx context.Context, _ []int) (map[int]int, error) {
			if asked++; asked > 1 {
				return map[int]int{2: 2}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		first := make(chan error)
		go func() { _, _, err := s.get(t.Context(), 1); first <- err }()
		synctest.Wait()
		if _, found, err := s.get(t.Context(), 2); !found || err != nil {
			t.Errorf("the call after it: %t, %v", found, err)
		}
		if err := <-first; photo.KindOf(err) != photo.KindUnavailable {
			t.Errorf("the call without an answer: %v", err)
		}
	})
}

// Every caller gets its own row, whoever asks at the same time.
func TestRowsThatAreReadTogether(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e dbserver.Engine) {
		db := openConfig(t, fresh(t, e))
		const photos = 20
		owners := []string{anOwner(t, db), ""}
		var err error
		if owners[1], err = db.Owner(t.Context(), "pool", "bob"); err != nil {
			t.Fatal(err)
		}
		for n := range photos {
			p := photo.Photo{ID: photo.ID{byte(n)}, Name: fmt.Sprint(n), Size: 10, Position: &photo.Position{Latitude: float64(n)}}
			if _, err := db.Add(t.Context(), owners[n%2], p, "key"); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.SetDisabled(t.Context(), owners[1], true); err != nil {
			t.Fatal(err)
		}
		var asking sync.WaitGroup
		for n := range 2 * photos {
			asking.Go(func() {
				owner, id := owners[n%2], photo.ID{byte(n)}
				p, _, err := db.Get(t.Context(), owner, id, store.Live)
				switch {
				case n >= photos && photo.KindOf(err) != photo.KindNotFound:
					t.Errorf("photo %d, which is not there: %v", n, err)
				case n < photos && (err != nil || p.ID != id || p.Name != fmt.Sprint(n) || p.Position.Latitude != float64(n)):
					t.Errorf("photo %d: %+v, %v", n, p, err)
				}
				if _, _, err := db.Get(t.Context(), owners[(n+1)%2], id, store.Live); photo.KindOf(err) != photo.KindNotFound {
					t.Errorf("photo %d of another owner: %v", n, err)
				}
				if disabled, err := db.Disabled(t.Context(), owner); err != nil || disabled != (n%2 == 1) {
					t.Errorf("owner %d disabled: %t, %v", n%2, disabled, err)
				}
			})
		}
		asking.Wait()
	})
}
