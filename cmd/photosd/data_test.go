package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"photos/internal/photo"
)

// TestDataThatOthersCanRead opens one file or folder at a time to other users, inside and outside the data folder.
func TestDataThatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	for _, name := range []string{
		"data", "data/photos.db", "data/userpool.db", "data/userpool.db-wal", "data/uploads", "data/blobs", "data/lock",
		"db/my photos.db", "db/my photos.db-wal", "db/my photos.db-shm", "linked",
	} {
		dir := makeData(t)
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o740); err != nil {
			t.Fatal(err)
		}
		_, err := openData(filepath.Join(dir, "data"), filepath.Join(dir, "db", "my photos.db"))
		if photo.KindOf(err) != photo.KindForbidden || !strings.Contains(err.Error(), "is open to other users") {
			t.Errorf("%s is open: %v", name, err)
			continue
		}
		command := strings.ReplaceAll(photo.HintOf(err), "'", "")
		target := strings.Replace(path, "linked", "data/link", 1)
		if command != "chmod go= "+target {
			t.Errorf("%s: hint %q", name, photo.HintOf(err))
		}
	}
}

// TestDataOfOneUser: the folder of a database outside the data folder may be open, and so may other files in it.
func TestDataOfOneUser(t *testing.T) {
	t.Parallel()
	dir := makeData(t)
	for _, name := range []string{"db", "db/other.txt"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := openData(filepath.Join(dir, "data"), filepath.Join(dir, "db", "my photos.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSeveralFilesThatOthersCanRead: the hint is one command that closes all of them.
func TestSeveralFilesThatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	dir := makeData(t)
	for _, name := range []string{"data/photos.db", "data/blobs"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	_, err := openData(data, filepath.Join(data, "photos.db"))
	if err == nil || err.Error() != data+"/blobs and 1 more are open to other users" || photo.HintOf(err) != "chmod go= "+data+"/blobs "+data+"/photos.db" {
		t.Errorf("%v, hint %q", err, photo.HintOf(err))
	}
}

// makeData makes a data folder, and a database outside it.
func makeData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"data/uploads", "data/blobs", "db", "linked"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"data/photos.db", "data/userpool.db", "data/userpool.db-wal", "data/lock", "db/my photos.db", "db/my photos.db-wal", "db/my photos.db-shm", "db/other.txt",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"data/link": "linked", "data/dangling": "nowhere"} {
		if err := os.Symlink(filepath.Join(dir, target), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWords(t *testing.T) {
	t.Parallel()
	got := words([]string{"/srv/photos-1/a.db", "/srv/my photos", "/it's", "$HOME"})
	if want := []string{"/srv/photos-1/a.db", "'/srv/my photos'", `'/it'\''s'`, "'$HOME'"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
