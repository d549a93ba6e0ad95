package transfer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/transfer"
)

// removeAll removes everything that a mirror knows, without asking anybody.
func removeAll(ctx context.Context, m *transfer.Mirror) (removed []string, err error) {
	err = m.Remove(ctx, transfer.Removal{
		Most: 1 << 20, Now: time.Now(), Gone: func(context.Context, photo.ID) (bool, error) { return true, nil },
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
