package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"photos/internal/testkit/sample"
)

func TestCollect(t *testing.T) {
	t.Parallel()
	own, to := t.TempDir(), filepath.Join(t.TempDir(), "pictures")
	files := map[string]bool{ // whether the file is to be shown
		"beach/IMG_1.HEIC":  true, // only its bytes count
		"town/IMG_1.HEIC":   true,
		"town/notes.jpg":    false,
		".thumbs/IMG_1.jpg": false,
	}
	seed := uint64(0)
	for name, shown := range files {
		data := []byte("a list of things to do\n")
		if shown || filepath.Dir(name) == ".thumbs" {
			seed++
			var err error
			if data, err = sample.Picture(seed, 1000); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(own, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := collect(to, own); err != nil {
		t.Fatal(err)
	}
	got, err := filepath.Glob(filepath.Join(to, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(to, "beach", "IMG_1.HEIC"), filepath.Join(to, "town", "IMG_1.HEIC")}
	if !slices.Equal(got, want) {
		t.Errorf("collected %q, want %q", got, want)
	}
	first, err := firstPicture(to)
	if want := filepath.Join("beach", "IMG_1.HEIC"); err != nil || first != want {
		t.Errorf("firstPicture = %q, %v, want %q", first, err, want)
	}
}

func TestCollectNothing(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "pictures")
	if err := collect(to, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if first, err := firstPicture(to); err == nil {
		t.Errorf("firstPicture = %q, want an error", first)
	}
}
