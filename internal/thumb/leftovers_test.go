package thumb

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestLeftoversOfKilledProcesses(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	for name, age := range map[string]time.Duration{"photosd-rendition-1": 2 * time.Hour, "photosd-rendition-2": 0, "photosd-other": 2 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "in"), []byte("a photo"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(elsewhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "photosd-rendition-3")); err != nil {
		t.Fatal(err)
	}
	removeLeftovers(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"photosd-other", "photosd-rendition-2", "photosd-rendition-3"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	if _, err := os.Stat(elsewhere); err != nil {
		t.Error(err)
	}
}
