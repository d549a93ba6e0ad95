package sqldb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/smalldisk"
)

// When the disk is full, writing fails with the right kind and reading works, also after
// the database was opened again. Nothing is lost. When there is space, writing works again.
func TestFullDisk(t *testing.T) {
	smalldisk.Run(t, "size=4m", func(t *testing.T, dir string) {
		db := open(t, filepath.Join(dir, "photos.db"))
		owner := anOwner(t, db)
		filler := filepath.Join(dir, "filler")
		if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		next := 0
		add := func() error {
			p := numbered(next)
			p.Description = strings.Repeat("long ", 800)
			_, err := db.Add(t.Context(), owner, p, "key")
			if err == nil {
				next++
			}
			return err
		}
		var err error
		for err == nil && next < 10_000 {
			err = add()
		}
		if photo.KindOf(err) != photo.KindStorageFull {
			t.Fatalf("Add = %v after %d photos, want an error of kind %s", err, next, photo.KindStorageFull)
		}
		check := func() {
			t.Helper()
			for i := range next {
				if _, _, err := db.Get(t.Context(), owner, numbered(i).ID, store.Live); err != nil {
					t.Fatal(err)
				}
			}
			if u, err := db.Usage(t.Context(), owner); err != nil || u.Photos != int64(next) {
				t.Errorf("Usage = %+v, %v, want %d photos", u, err, next)
			}
		}
		check()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "rest"), make([]byte, 1<<20), 0o600); err == nil {
			t.Fatal("the disk is not full")
		}
		db = open(t, filepath.Join(dir, "photos.db"))
		check()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := add(); err != nil {
				t.Fatal(err)
			}
		}
		check()
	})
}
