package transfer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/transfer"
)

// removeAll removes everything that a mirror knows, without asking anybody.
func removeAll(ctx context.Context, m *transfer.Mirror) (removed []string, err error) {
	err = m.Remove(ctx, transfer.Removal{
		Most: 1 << 20, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Gone: func(context.Context, photo.ID) (bool, error) { return true, nil },
	}, func(r transfer.Record) {
		if r.Outcome == transfer.OutcomeRemoved {
			removed = append(removed, r.Path)
		}
	})
	return removed, err
}

// FuzzMirrorState: whatever the state says, nothing outside the folder is touched, and in it only
// files with the digest that the state has.
func FuzzMirrorState(f *testing.F) {
	secret := []byte("a secret")
	id := photo.ID(sha256.Sum256(secret)).String()
	head, err := json.Marshal(map[string]any{"photos_mirror": 1, "server": "s", "owner": "o"})
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range []string{
		`{"path":"../secret.jpg","id":"` + id + `"}`, `{"path":"own.jpg","id":"` + id + `"}`, `{"path":"link/secret.jpg","id":"` + id + `"}`,
		`{"path":"/etc/passwd","id":"` + id + `"}`, `{"path":"own.jpg","id":"` + id + `","gone":true}`, `{"path":"","id":""}`, `{}`, `null`, ``,
	} {
		f.Add(string(head) + "\n" + line + "\n")
	}
	f.Fuzz(func(t *testing.T, state string) {
		base := t.TempDir()
		dir, outside := filepath.Join(base, "mirror"), filepath.Join(base, "outside")
		files := []string{filepath.Join(base, "secret.jpg"), filepath.Join(outside, "secret.jpg"), filepath.Join(dir, "other.jpg")}
		for _, d := range []string{dir, outside} {
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		for i, file := range append(files, filepath.Join(dir, "own.jpg")) {
			content := secret
			if i == 2 {
				content = []byte("something else")
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil && runtime.GOOS != "windows" {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, transfer.MirrorState), []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := transfer.OpenMirror(dir, transfer.MirrorOf{Server: "s", Owner: "o"}, true, false)
		if err == nil {
			removed, err := removeAll(t.Context(), m)
			if err != nil || len(removed) > 1 || len(removed) == 1 && removed[0] != filepath.Join(dir, "own.jpg") {
				t.Errorf("removed %q, %v", removed, err)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		} else if photo.HintOf(err) == "" {
			t.Errorf("%v has no hint", err)
		}
		for _, file := range files {
			if _, err := os.Lstat(file); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAKilledRemovalContinues begins with what a run leaves that was killed between two steps of a removal.
// Afterwards photo and sidecar are together in the trash, and nothing is left in the folder.
func TestAKilledRemovalContinues(t *testing.T) {
	t.Parallel()
	const trash = ".photos-trash/2026-01-02/"
	for name, c := range map[string]struct {
		left []string // files in the folder and in its trash
		want []string // files in the trash
	}{
		"before the first step":       {[]string{"sub/a.jpg", "sub/a.jpg.xmp"}, []string{"sub/a.jpg", "sub/a.jpg.xmp"}},
		"after the sidecar":           {[]string{"sub/a.jpg", trash + "sub/a.jpg.xmp"}, []string{"sub/a.jpg", "sub/a.jpg.xmp"}},
		"after the photo":             {[]string{trash + "sub/a.jpg", trash + "sub/a.jpg.xmp"}, []string{"sub/a.jpg", "sub/a.jpg.xmp"}},
		"after the photo alone":       {[]string{trash + "sub/a.jpg", "sub/a.jpg.xmp"}, []string{"sub/a.jpg", "sub/a.jpg.xmp"}},
		"a file of that name is gone": {[]string{"sub/a.jpg", "sub/a.jpg.xmp", trash + "sub/a.jpg"}, []string{"sub/a-" + mirrored().String()[:8] + ".jpg", "sub/a-" + mirrored().String()[:8] + ".jpg.xmp", "sub/a.jpg"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, file := range c.left {
				writeMirrored(t, filepath.Join(dir, filepath.FromSlash(file)))
			}
			writeMirrorState(t, dir, "sub/a.jpg")
			m := openMirror(t, dir)
			if _, err := removeAll(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			if got := filesBelow(t, filepath.Join(dir, ".photos-trash", "2026-01-02")); !slices.Equal(got, c.want) {
				t.Errorf("the trash has %q, want %q", got, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "sub")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder is left: %v", err)
			}
		})
	}
}

// TestAFileThatChangesLateStays changes a file after its digest was compared.
func TestAFileThatChangesLateStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.jpg")
	writeMirrored(t, path)
	writeMirrorState(t, dir, "a.jpg")
	m := openMirror(t, dir)
	var got []photo.Outcome
	err := m.Remove(t.Context(), transfer.Removal{Most: 1, Now: time.Now(), Gone: func(context.Context, photo.ID) (bool, error) {
		return true, os.WriteFile(path, []byte("edited, with more bytes"), 0o600)
	}}, func(r transfer.Record) { got = append(got, r.Outcome) })
	if err != nil || !slices.Equal(got, []photo.Outcome{photo.OutcomeSkipped}) {
		t.Errorf("%q, %v", got, err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "edited, with more bytes" {
		t.Errorf("%q, %v", content, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// openMirror opens the mirror that writeMirrorState describes.
func openMirror(t *testing.T, dir string) *transfer.Mirror {
	t.Helper()
	m, err := transfer.OpenMirror(dir, transfer.MirrorOf{Server: "s", Owner: "o"}, true, false)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mirrored returns the ID of the photo that writeMirrored writes.
func mirrored() photo.ID { return sha256.Sum256([]byte("a photo")) }

// writeMirrored writes a photo, or a sidecar as a download does.
func writeMirrored(t *testing.T, path string) {
	t.Helper()
	content := []byte("a photo")
	if filepath.Ext(path) == ".xmp" {
		write, err := sidecar.WriterOf("xmp")
		if err != nil {
			t.Fatal(err)
		}
		_, content = write(photo.Photo{Description: "a text"})
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// writeMirrorState writes the state of a mirror that wrote one file.
func writeMirrorState(t *testing.T, dir, path string) {
	t.Helper()
	state := fmt.Sprintf("{\"photos_mirror\":1,\"server\":\"s\",\"owner\":\"o\"}\n{\"path\":%q,\"id\":%q}\n", path, mirrored())
	if err := os.WriteFile(filepath.Join(dir, transfer.MirrorState), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAMirrorFollowsTheCaseOfAName renames a photo so that only the case or the form of Unicode differs. On macOS and
// Windows, both names are those of one file. Elsewhere a hard link makes them so.
func TestAMirrorFollowsTheCaseOfAName(t *testing.T) {
	t.Parallel()
	content := []byte("a photo")
	for before, after := range map[string]string{"A.jpg": "a.jpg", "caf\u00e9.jpg": "cafe\u0301.jpg"} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			src, served := source(t, 0, content)
			dir := t.TempDir()
			writeMirrored(t, filepath.Join(dir, before))
			writeMirrorState(t, dir, before)
			if err := os.Link(filepath.Join(dir, before), filepath.Join(dir, after)); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Fatal(err)
			}
			run := func(outcome photo.Outcome, photos ...photo.Photo) (removed []string) {
				t.Helper()
				m := openMirror(t, dir)
				for name, got := range fetchInto(t, src, dir, transfer.DownloadOptions{Mirror: m}, photos...) {
					if got != outcome {
						t.Errorf("%s is %s, want %s", name, got, outcome)
					}
				}
				removed, err := removeAll(t.Context(), m)
				if err := errors.Join(err, m.Close()); err != nil {
					t.Fatal(err)
				}
				return removed
			}
			if removed := run(transfer.OutcomeMoved, of(after, content)); removed != nil {
				t.Errorf("removed %q", removed)
			}
			if removed := run(photo.OutcomeExists, of(after, content)); removed != nil || served.Load() != 0 {
				t.Errorf("removed %q, downloaded %d", removed, served.Load())
			}
			if _, err := os.Lstat(filepath.Join(dir, after)); err != nil {
				t.Error(err)
			}
			if removed := run(""); !slices.Equal(removed, []string{filepath.Join(dir, after)}) {
				t.Errorf("removed %q when the service has nothing", removed)
			}
		})
	}
}

// TestAPhotoThatCameBackStays asks the service about a photo that was not in its list. It has the photo
// again, so that its file stays, and the next run knows the file.
func TestAPhotoThatCameBackStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.jpg")
	writeMirrored(t, path)
	writeMirrorState(t, dir, "a.jpg")
	for _, gone := range []bool{false, true} {
		m := openMirror(t, dir)
		var removed []string
		err := m.Remove(t.Context(), transfer.Removal{Most: 1, Now: time.Now(), Gone: func(context.Context, photo.ID) (bool, error) {
			return gone, nil
		}}, func(r transfer.Record) { removed = append(removed, r.Path) })
		if err != nil || (len(removed) == 1) != gone {
			t.Errorf("gone %t: %q, %v", gone, removed, err)
		}
		if _, err := os.Stat(path); (err == nil) == gone {
			t.Errorf("gone %t: %v", gone, err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
