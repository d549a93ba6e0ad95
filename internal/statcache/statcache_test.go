package statcache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
)

var ctx = context.Background()

// written writes a file and returns its state.
func written(t *testing.T, path, text string) State {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return state(t, path)
}

func state(t *testing.T, path string) State {
	t.Helper()
	return StateOf(path, stat(t, path))
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func open(t *testing.T, path string) *Cache {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// later is when a file is read, long after it was written.
func later() time.Time { return time.Now().Add(time.Hour) }

func TestUnchangedFileIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache, file := filepath.Join(dir, "state", "digests"), filepath.Join(dir, "a.jpg")
	now := written(t, file, "abc")
	c := open(t, cache)
	want := Entry{ID: photo.ID{1}, Picture: true}
	c.Add(file, now, later(), want)
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got, ok := open(t, cache).Lookup(file, state(t, file)); !ok || got != want {
		t.Errorf("Lookup = %+v, %v", got, ok)
	}
	if fi := stat(t, cache); fi.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // which has no mode bits
		t.Errorf("mode %v", fi.Mode())
	}
}

func TestAnyChangeIsSeen(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(file string) error{
		"longer":  func(f string) error { return os.WriteFile(f, []byte("abcd"), 0o600) },
		"touched": func(f string) error { return os.Chtimes(f, time.Now(), time.Now().Add(time.Minute)) },
		"replaced, with the times put back": func(f string) error {
			fi, err := os.Stat(f)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(f+"2", []byte("xyz"), 0o600), os.Rename(f+"2", f), os.Chtimes(f, fi.ModTime(), fi.ModTime()))
		},
		"written in place, with the times put back": func(f string) error {
			fi, err := os.Stat(f)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(f, []byte("xyz"), 0o600), os.Chtimes(f, fi.ModTime(), fi.ModTime()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "a.jpg")
			now := written(t, file, "abc")
			c := open(t, file+".cache")
			c.Add(file, now, later(), Entry{ID: photo.ID{1}, Picture: true})
			if err := change(file); err != nil {
				t.Fatal(err)
			}
			if got, ok := c.Lookup(file, state(t, file)); ok {
				t.Errorf("still known as %+v", got)
			}
		})
	}
}

func TestFileChangedJustBeforeIsNotKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.jpg")
	now := written(t, file, "abc")
	c := open(t, file+".cache")
	c.Add(file, now, now.lastChange().Add(Racy-time.Millisecond), Entry{Picture: true})
	if _, ok := c.Lookup(file, now); ok {
		t.Error("kept")
	}
}

func TestIncompleteAndDamagedRecordsAreIgnored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache := filepath.Join(dir, "digests")
	c := open(t, cache)
	states := map[string]State{}
	for i := range 3 {
		name := filepath.Join(dir, fmt.Sprint(i))
		states[name] = written(t, name, name)
		c.Add(name, states[name], later(), Entry{ID: photo.ID{byte(i)}, Picture: true})
	}
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(cache)
	if err != nil {
		t.Fatal(err)
	}
	data[recordSize+40] ^= 1                                                   // the second is damaged
	if err := os.WriteFile(cache, data[:3*recordSize-10], 0o600); err != nil { // the third is incomplete
		t.Fatal(err)
	}
	again := open(t, cache)
	if len(again.entries) != 1 {
		t.Errorf("%d of 3 records known, want 1", len(again.entries))
	}
	for name, now := range states {
		again.Add(name, now, later(), Entry{ID: photo.ID{9}, Picture: true})
	}
	if err := again.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if healed := open(t, cache); len(healed.entries) != 3 {
		t.Errorf("%d of 3 records known after the next run", len(healed.entries))
	}
}

func TestCompaction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache, file := filepath.Join(dir, "digests"), filepath.Join(dir, "a.jpg")
	now := written(t, file, "abc")
	c := open(t, cache)
	for i := range slack + 10 {
		c.Add(file, now, later(), Entry{ID: photo.ID{byte(i), byte(i >> 8)}, Picture: true})
	}
	if err := c.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if size := stat(t, cache).Size(); size != recordSize {
		t.Errorf("%d bytes for one file", size)
	}
	last := slack + 9
	if got, ok := open(t, cache).Lookup(file, now); !ok || got.ID != (photo.ID{byte(last), byte(last >> 8 & 0xff)}) {
		t.Errorf("Lookup = %v, %v", got, ok)
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cache := filepath.Join(dir, "digests")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			c, err := Open(cache)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 20 {
				file := filepath.Join(dir, fmt.Sprintf("%d-%d", w, i))
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Error(err)
					return
				}
				info, err := os.Stat(file)
				if err != nil {
					t.Error(err)
					return
				}
				c.Add(file, StateOf(file, info), later(), Entry{})
				if err := c.Flush(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(open(t, cache).entries); n != 160 {
		t.Errorf("%d of 160 files known", n)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(encode(key{1}, record{entry: Entry{Picture: true}}))
	f.Add([]byte("not a cache at all, but long enough to be taken for a record of one: 72 bytes and more"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "digests")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err != nil {
			t.Fatal(err)
		}
	})
}
