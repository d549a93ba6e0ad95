package sqldb

import (
	"path/filepath"
	"testing"

	"photos/internal/store"
	"photos/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) storetest.Opener {
		path := filepath.Join(t.TempDir(), "photos 100%?#.db") // a name that is no URL
		return func(t testing.TB) store.Store { return open(t, path) }
	})
}

func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) // harmless a second time
	return db
}
