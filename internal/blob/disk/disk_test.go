package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"photos/internal/blob"
	"photos/internal/blob/blobtest"
	"photos/internal/photo"
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

// When the folder of blobs is missing, for example because its disk is not mounted, nothing is known about its blobs. The
// error is not blob.ErrNotFound, because a photo would then count as damaged. When the folder is back, everything works.
func TestMissingFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir)
	commit := func() (string, error) {
		h, err := s.Whole(t.Context(), "owner", 1, photo.ID{})
		if err != nil {
			return "", err
		}
		defer h.Close()
		if _, err := h.Write([]byte("x")); err != nil {
			return "", err
		}
		return h.Commit(t.Context(), false)
	}
	key, err := commit()
	if err != nil {
		t.Fatal(err)
	}
	away, blobs := filepath.Join(dir, "away"), filepath.Join(dir, blobsDir)
	if err := os.Rename(blobs, away); err != nil {
		t.Fatal(err)
	}
	want := func(what string, err error) {
		t.Helper()
		if photo.KindOf(err) != photo.KindUnavailable || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = s.Open(t.Context(), "owner", key)
	want("Open", err)
	_, err = s.Size(t.Context(), "owner", key)
	want("Size", err)
	_, err = commit()
	want("Commit", err)
	_, _, err = s.newBlob("another")
	want("a new owner", err)
	if err := os.Rename(away, blobs); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Size(t.Context(), "owner", key); n != 1 || err != nil {
		t.Errorf("afterwards: %d bytes, %v", n, err)
	}
	if _, err := commit(); err != nil {
		t.Error(err)
	}
}
