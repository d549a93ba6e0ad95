package thumb_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"photos/internal/picture"
	"photos/internal/thumb"
)

type source struct{ *bytes.Reader }

func (source) Close() error { return nil }

func openCache(t *testing.T) (*thumb.Cache, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "renditions")
	c, err := thumb.OpenCache(dir, thumb.New(thumb.Config{}), 2)
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func files(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A photo is decoded once, however many ask for however many sizes of it.
func TestCacheDecodesOnce(t *testing.T) {
	t.Parallel()
	c, dir := openCache(t)
	file := jpegOf(t, quarters(1200, 800))
	var opened atomic.Int32
	open := func(context.Context) (thumb.Source, error) {
		opened.Add(1)
		return source{bytes.NewReader(file)}, nil
	}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			size := thumb.Sizes()[i%3]
			got, err := c.Get(t.Context(), "owner", "key", picture.JPEG, size, open)
			if err != nil || sizeOf(t, got).X != size {
				t.Errorf("size %d: %d bytes, %v", size, len(got), err)
			}
		})
	}
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("the photo was opened %d times", n)
	}
	if n := files(t, dir); n != 3 {
		t.Errorf("%d files", n)
	}
	if err := c.Forget("owner", "key"); err != nil {
		t.Fatal(err)
	}
	if n := files(t, dir); n != 0 {
		t.Errorf("%d files after the photo is gone", n)
	}
}

// A photo that cannot be decoded is tried once.
func TestCacheRemembersRefusals(t *testing.T) {
	t.Parallel()
	c, _ := openCache(t)
	opened := 0
	open := func(context.Context) (thumb.Source, error) {
		opened++
		return source{bytes.NewReader([]byte("\xff\xd8\xff\xe0rubbish"))}, nil
	}
	for range 2 {
		if _, err := c.Get(t.Context(), "owner", "key", picture.JPEG, 256, open); !errors.Is(err, thumb.ErrRefused) {
			t.Errorf("error %v, want %v", err, thumb.ErrRefused)
		}
	}
	if opened != 1 {
		t.Errorf("opened %d times", opened)
	}
}

// What went wrong outside the photo is not remembered.
func TestCacheTriesAgain(t *testing.T) {
	t.Parallel()
	c, dir := openCache(t)
	file := jpegOf(t, quarters(300, 200))
	away := errors.New("the disk is away")
	if _, err := c.Get(t.Context(), "owner", "key", picture.JPEG, 256, func(context.Context) (thumb.Source, error) { return nil, away }); !errors.Is(err, away) {
		t.Errorf("error %v, want %v", err, away)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	open := func(context.Context) (thumb.Source, error) { return source{bytes.NewReader(file)}, nil }
	if _, err := c.Get(ctx, "owner", "key", picture.JPEG, 256, open); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if _, err := c.Get(t.Context(), "owner", "key", picture.JPEG, 256, open); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(dir); err != nil { // somebody makes room
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "owner", "key", picture.JPEG, 256, open); err != nil {
		t.Errorf("after the folder was removed: %v", err)
	}
	if _, err := c.Get(t.Context(), "owner", "key", picture.JPEG, 300, open); !errors.Is(err, thumb.ErrUnsupported) {
		t.Errorf("a size that is not made: %v", err)
	}
}
