package safefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"photos/internal/safefile"
)

func write(t *testing.T, path, content string) fs.FileInfo {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// requireFiles checks the names and contents of all files in a folder.
func requireFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(want) {
		t.Errorf("the folder has %v, %v, want %q", entries, err, want)
	}
	for name, content := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != content {
			t.Errorf("%s has %q, %v, want %q", name, got, err, content)
		}
	}
}

func TestMoveNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "1")
	if err := safefile.MoveNew(a, b); err != nil {
		t.Error(err)
	}
	write(t, a, "2")
	if err := safefile.MoveNew(a, b); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file is replaced: %v", err)
	}
	if err := safefile.MoveNew(filepath.Join(dir, "none"), b+"2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	requireFiles(t, dir, map[string]string{"a": "2", "b": "1"})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := safefile.Create(filepath.Join(dir, "a"), []byte("1")); err != nil {
		t.Error(err)
	}
	if err := safefile.Create(filepath.Join(dir, "a"), []byte("2")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file is replaced: %v", err)
	}
	requireFiles(t, dir, map[string]string{"a": "1"})
}

// TestReplace replaces a file, also where an earlier run was killed, and leaves one that has changed.
func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	before := write(t, path, "1")
	if err := safefile.Replace(path, []byte("23"), before); err != nil {
		t.Error(err)
	}
	if err := safefile.Replace(path, []byte("4"), before); !errors.Is(err, safefile.ErrChanged) {
		t.Errorf("a file that has changed is replaced: %v", err)
	}
	if err := safefile.Replace(filepath.Join(dir, "b"), []byte("5"), before); !errors.Is(err, safefile.ErrChanged) {
		t.Errorf("a file that is gone is made: %v", err)
	}
	requireFiles(t, dir, map[string]string{"a": "23"})
}

// TestRenameOntoAFileInUse renames a file to the name of one that is being read. On Windows, that succeeds only when the
// reader is done.
func TestRenameOntoAFileInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "new")
	write(t, b, "old")
	reader, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	err = safefile.WhileInUse(func() error {
		defer reader.Close()
		return os.Rename(a, b)
	})
	if err != nil {
		t.Error(err)
	}
	requireFiles(t, dir, map[string]string{"b": "new"})
}
