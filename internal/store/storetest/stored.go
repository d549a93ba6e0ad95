package storetest

import (
	"testing"
	"time"

	"photos/internal/store"
)

func storedTests() []test {
	return []test{
		{"all photos of all owners are listed once", storedOfAll},
	}
}

// wantNamed asks whether a row names a blob.
func wantNamed(t *testing.T, s store.Store, owner, key string, want bool) {
	t.Helper()
	b := store.Blob{Owner: owner, Key: key}
	named, err := s.NamedBlobs(t.Context(), []store.Blob{b})
	if err != nil || named[b] != want {
		t.Errorf("NamedBlobs of %v: %v, %v, want %t", b, named, err, want)
	}
}

func storedOfAll(t *testing.T, open Opener) {
	s := open(t)
	want := map[store.Blob]bool{}
	var all []store.Blob
	for i, subject := range []string{"ada", "bob", "cy"} {
		owner, err := s.Owner(t.Context(), "pool", subject)
		must(t, err)
		for n := range 3 {
			p := numbered(n)
			b := store.Blob{Owner: owner, Key: key(10*i + n)}
			add(t, s, owner, p, b.Key)
			want[b] = n == 1
			all = append(all, b)
			switch n {
			case 1:
				must(t, s.SetDamaged(t.Context(), owner, p.ID, b.Key, true))
			case 2:
				_, err := s.Trash(t.Context(), owner, p.ID, time.Hour)
				must(t, err)
			}
		}
	}
	got := map[store.Blob]bool{}
	for after := int64(0); ; {
		page, err := s.Stored(t.Context(), after, 4)
		must(t, err)
		if len(page) == 0 {
			break
		}
		if len(page) > 4 {
			t.Fatalf("a page of %d", len(page))
		}
		for _, p := range page {
			if p.Number <= after {
				t.Fatalf("number %d after %d", p.Number, after)
			}
			after = p.Number
			b := store.Blob{Owner: p.Owner, Key: p.Key}
			if _, again := got[b]; again {
				t.Errorf("%v comes twice", b)
			}
			got[b] = p.Damaged
			if photo, k, err := s.Get(t.Context(), p.Owner, p.ID, store.AnyState); err != nil || k != p.Key || photo.Size != p.Size {
				t.Errorf("%+v: %v, %s, %v", p, photo, k, err)
			}
		}
	}
	same(t, "photos", want, got)
	named, err := s.NamedBlobs(t.Context(), append(all, store.Blob{Owner: all[0].Owner, Key: "none"}, store.Blob{Owner: all[0].Owner, Key: all[8].Key}))
	must(t, err)
	if len(named) != len(all) {
		t.Errorf("named are %v", named)
	}
	for _, b := range all {
		if !named[b] {
			t.Errorf("%v is not named", b)
		}
	}
}
