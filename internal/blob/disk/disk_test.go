package disk

import (
	"path/filepath"
	"testing"

	"photos/internal/blob/blobtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t testing.TB) blobtest.Opener {
		dir := filepath.Join(t.TempDir(), "data")
		return func(t testing.TB) blobtest.Store { return open(t, dir) }
	})
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
