// Package storetest is the conformance suite of store.Store. A database is supported when
// it passes.
//
// A store may be slow or on another machine. So no test depends on how long a call takes, or
// expects two calls to get different times. A store may make several changes at a time: when
// calls come together, the tests only require that the answers fit some order of the calls. A
// store may replace NUL, and bytes of a text that are not UTF-8, by U+FFFD.
package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/store"
)

// An Opener opens the same database each time, like another process or a restart.
type Opener func(testing.TB) store.Store

// Run runs the suite. fresh creates an empty database and returns its Opener.
func Run(t *testing.T, fresh func(testing.TB) Opener) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"owner", ownerTests()},
		{"account", accountTests()},
		{"add", addTests()},
		{"facts", factsTests()},
		{"list", listTests()},
		{"filter", filterTests()},
		{"describe", describeTests()},
		{"revision", revisionTests()},
		{"edit", editTests()},
		{"feed", feedTests()},
		{"trash", trashTests()},
		{"upload", uploadTests()},
		{"staged", stagedTests()},
		{"quota", quotaTests()},
		{"task", taskTests()},
		{"work", workTests()},
		{"stored", storedTests()},
		{"session", sessionTests()},
		{"share", shareTests()},
		{"neighbors", neighborTests()},
		{"together", togetherTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range group.tests {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					tt.run(t, fresh(t))
				})
			}
		})
	}
}

// A test runs on its own database.
type test struct {
	name string
	run  func(*testing.T, Opener)
}

// numbered returns a photo that differs from others by i.
func numbered(i int) photo.Photo {
	return photo.Photo{
		ID:        photo.ID(sha256.Sum256(fmt.Append(nil, i))),
		Name:      fmt.Sprintf("IMG_%04d.JPG", i),
		Size:      int64(1000 + i),
		MediaType: "image/jpeg",
	}
}

func key(i int) string { return fmt.Sprintf("key-%d", i) }

// anOwner returns the owner of that name.
func anOwner(t tester, s store.Store, name string) string {
	t.Helper()
	owner, err := s.Owner(t.Context(), "pool", name)
	must(t, err)
	return owner
}

func add(t tester, s store.Store, owner string, p photo.Photo, key string) store.Added {
	t.Helper()
	a, err := s.Add(t.Context(), owner, p, key)
	must(t, err)
	return a
}

// addNumbered adds the photos from number first up to, but not including, last.
func addNumbered(t tester, s store.Store, owner string, first, last int) []photo.Photo {
	t.Helper()
	var added []photo.Photo
	for i := first; i < last; i++ {
		added = append(added, add(t, s, owner, numbered(i), key(i)).Photo)
	}
	return added
}

func get(t tester, s store.Store, owner string, id photo.ID) photo.Photo {
	t.Helper()
	p, _, err := s.Get(t.Context(), owner, id, store.AnyState)
	must(t, err)
	return p
}

func wantUsage(t tester, s store.Store, owner string, want store.Usage) {
	t.Helper()
	got, err := s.Usage(t.Context(), owner)
	must(t, err)
	same(t, "usage", want, got)
}

func wantKind(t tester, what string, err error, want photo.Kind) {
	t.Helper()
	if err == nil || photo.KindOf(err) != want {
		t.Errorf("%s: %v, want an error of kind %s", what, err, want)
	}
}

// tester is implemented by *testing.T and *rapid.T.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// same compares whole values. It compares moments of photos by their text.
func same(t tester, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b photo.Moment) bool {
		return a.String() == b.String() && a.Time().Equal(b.Time())
	})); d != "" {
		t.Errorf("%s, -want +got:\n%s", what, d)
	}
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// recent checks a time that comes from the database's clock.
func recent(t tester, what string, at time.Time) {
	t.Helper()
	if d := time.Since(at); d < -time.Minute || d > time.Minute || at.Location() != time.UTC {
		t.Errorf("%s is %v, want now, in UTC", what, at)
	}
}
