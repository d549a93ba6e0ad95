package transfer_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/transfer"
)

// TestLayouts: where the file of one photo goes.
func TestLayouts(t *testing.T) {
	t.Parallel()
	content := []byte("x")
	dated := of("IMG_1.HEIC", content)
	dated.TakenAt = photo.AtWallClock(time.Date(2023, 12, 31, 23, 59, 0, 0, time.UTC))
	dated.UploadedAt = time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	dated.Folder, dated.Camera = "2023/New Year", "ACME / 1"
	plain := of("a.jpg", content)
	hostile := of("../../x/..", content)
	hostile.Folder, hostile.Camera = "../.ssh/\x00/NUL/a\\b", "../.."
	id := dated.ID.String()
	for _, c := range []struct {
		layout string
		photo  photo.Photo
		want   string
	}{
		{"original", dated, "2023/New Year/IMG_1.HEIC"},
		{"original", plain, "a.jpg"},
		{"{taken:2006/01}/{name}", dated, "2023/12/IMG_1.HEIC"},
		{"{taken:2006}/", dated, "2023/IMG_1.HEIC"},
		{"{taken:2006-01-02 15.04}_{stem}", dated, "2023-12-31 23.59_IMG_1.HEIC"},
		{"{taken:2006-01-02}_{name}", plain, "undated_a.jpg"},
		{"{taken:2006}/{taken:01}/{name}", plain, "undated/a.jpg"},
		{"y{taken:2006}/{uploaded:2006}/{name}", plain, "undated/a.jpg"},
		{"{uploaded:2006-01}/{id:8}", dated, "2024-02/" + id[:8] + ".HEIC"},
		{"{id}", plain, id + ".jpg"},
		{"{camera}/{name}", dated, "ACME _ 1/IMG_1.HEIC"},
		{"{camera}/{name}", plain, "unknown/a.jpg"},
		{"{stem}.{ext}", of("README", content), "README"},
		{"original", hostile, "_.ssh/_/_NUL/a_b/_.._.._x_"},
		{"{camera}/{stem}", hostile, "_.._/_.._.._x_"},
		{"x//{name}", plain, "x/a.jpg"},
	} {
		l, err := transfer.ParsePathLayout(c.layout)
		if err != nil {
			t.Errorf("%s: %v", c.layout, err)
			continue
		}
		src, _ := source(t, 0, content)
		dir := t.TempDir()
		wanted := func(yield func(transfer.Wanted) bool) { yield(transfer.Wanted{Photo: c.photo}) }
		if _, err := transfer.Download(context.Background(), src, dir, wanted, transfer.DownloadOptions{Layout: l}, func(transfer.Record) {}); err != nil {
			t.Errorf("%s: %v", c.layout, err)
		}
		if got := strings.Join(filesBelow(t, dir), " "); got != c.want {
			t.Errorf("%s: %q became %q, want %q", c.layout, c.photo.Name, got, c.want)
		}
	}
}

// filesBelow returns the paths of all files in a folder, with slashes.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, relErr := filepath.Rel(dir, path)
			files, err = append(files, filepath.ToSlash(rel)), relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// FuzzLayout: no layout, name or folder leads out of the folder of the download.
func FuzzLayout(f *testing.F) {
	f.Add("{folder}/{name}", "a.jpg", "b/c", "camera")
	f.Add("{camera}{stem}/{taken:2006}/{ext}{id:8}", "../..", "..\\", "/")
	f.Fuzz(func(t *testing.T, layout, name, folder, camera string) {
		l, err := transfer.ParsePathLayout(layout)
		if err != nil {
			if photo.KindOf(err) != photo.KindUsage || photo.HintOf(err) == "" {
				t.Fatalf("%q: %v has no hint or another kind", layout, err)
			}
			return
		}
		path := l.Path(photo.Photo{Name: name, Folder: folder, Camera: camera})
		if !filepath.IsLocal(path) || strings.ContainsAny(path, "\x00\\:") {
			t.Errorf("%q with name %q, folder %q, camera %q is %q", layout, name, folder, camera, path)
		}
		for part := range strings.SplitSeq(path, "/") {
			if part == "" || part != photo.SafeName(part) || part[0] == '.' {
				t.Errorf("%q with name %q, folder %q, camera %q is %q", layout, name, folder, camera, path)
			}
		}
	})
}
