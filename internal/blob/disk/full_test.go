package disk_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"photos/internal/blob"
	"photos/internal/blob/disk"
	"photos/internal/photo"
	"photos/internal/testkit/smalldisk"
)

// A full disk is reported and keeps what was written. It can be used again when there is
// space.
func TestFullDisk(t *testing.T) {
	smalldisk.Run(t, "size=1m", func(t *testing.T, dir string) {
		s := openDisk(t, dir)
		h, err := s.Create(t.Context(), "owner", "large")
		must(t, err)
		var written []byte
		for err == nil {
			if len(written) > 2<<20 {
				t.Fatal("the disk does not become full")
			}
			p := noise(100_000)
			var n int
			n, err = h.Write(p)
			written = append(written, p[:n]...)
		}
		if !errors.Is(err, blob.ErrFull) {
			t.Fatalf("Write = %v, want blob.ErrFull", err)
		}
		if id, err := h.Digest(); err != nil || id != photo.ID(sha256.Sum256(written)) || h.Size() != int64(len(written)) {
			t.Errorf("after %d bytes: size %d, digest %s, %v", len(written), h.Size(), id, err)
		}
		must(t, h.Sync())
		must(t, h.Close())
		if n, err := s.StagedSize(t.Context(), "large"); err != nil || n != int64(len(written)) {
			t.Errorf("StagedSize = %d, %v, want %d", n, err, len(written))
		}
		must(t, s.Discard(t.Context(), "large"))

		h, err = s.Create(t.Context(), "owner", "small")
		must(t, err)
		_, err = h.Write(noise(1000))
		must(t, err)
		key, err := h.Commit(t.Context(), true)
		must(t, err)
		if n, err := s.Size(t.Context(), "owner", key); n != 1000 || err != nil {
			t.Errorf("Size = %d, %v", n, err)
		}
	})
}

// The disk runs out of files before it runs out of bytes. A commit that finds no space for
// its folder can be repeated.
func TestNoMoreFiles(t *testing.T) {
	smalldisk.Run(t, "size=1m,nr_inodes=12", func(t *testing.T, dir string) {
		s := openDisk(t, dir)
		first, err := s.Create(t.Context(), "owner", "first")
		must(t, err)
		_, err = first.Write([]byte("whole"))
		must(t, err)
		made := 0
		for ; err == nil && made < 100; made++ {
			var h blob.Staged
			if h, err = s.Create(t.Context(), "owner", fmt.Sprint(made)); err == nil {
				must(t, h.Close())
			}
		}
		if !errors.Is(err, blob.ErrFull) {
			t.Fatalf("Create = %v, want blob.ErrFull", err)
		}
		if _, err := first.Commit(t.Context(), true); !errors.Is(err, blob.ErrFull) {
			t.Errorf("Commit = %v, want blob.ErrFull", err)
		}
		again, err := disk.Open(filepath.Join(dir, "data")) // a service starts on a full disk
		must(t, err)
		must(t, again.Close())
		for i := range made {
			must(t, s.Discard(t.Context(), fmt.Sprint(i)))
		}
		key, err := first.Commit(t.Context(), true)
		must(t, err)
		if n, err := s.Size(t.Context(), "owner", key); n != 5 || err != nil {
			t.Errorf("Size = %d, %v, want 5", n, err)
		}
	})
}

// A read-only disk is distinguished from a full one.
func TestReadOnlyDisk(t *testing.T) {
	smalldisk.Run(t, "ro", func(t *testing.T, dir string) {
		if _, err := disk.Open(dir); !errors.Is(err, blob.ErrReadOnly) || errors.Is(err, blob.ErrFull) {
			t.Errorf("Open = %v, want blob.ErrReadOnly", err)
		}
	})
}

func openDisk(t testing.TB, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(filepath.Join(dir, "data"))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
