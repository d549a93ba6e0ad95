package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// source serves the bytes of photos. If cut is positive, every answer ends after cut bytes.
func source(t *testing.T, cut int, contents ...[]byte) (*client.Client, *atomic.Int64) {
	t.Helper()
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.Split(r.URL.Path, "/")[3]
		for _, c := range contents {
			if photo.ID(sha256.Sum256(c)).String() == id {
				w.Header().Set("ETag", `"`+id+`"`)
				var out http.ResponseWriter = w
				if cut > 0 {
					out = &cutWriter{w, cut}
				}
				served.Add(1)
				http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(c))
			}
		}
	}))
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{Server: s.URL, Patience: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c, &served
}

// cutWriter breaks the connection after so many bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) >= w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left]) // the connection ends after this
		if f, ok := w.ResponseWriter.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

func of(name string, content []byte) photo.Photo {
	return photo.Photo{ID: sha256.Sum256(content), Name: name, Size: int64(len(content))}
}

func fetch(t *testing.T, c *client.Client, dir string, photos ...photo.Photo) map[string]photo.Outcome {
	t.Helper()
	return fetchInto(t, c, dir, transfer.DownloadOptions{Jobs: 1}, photos...)
}

// fetchInto downloads photos and returns the outcomes by file name.
func fetchInto(t *testing.T, c *client.Client, dir string, o transfer.DownloadOptions, photos ...photo.Photo) map[string]photo.Outcome {
	t.Helper()
	got := map[string]photo.Outcome{}
	list := func(yield func(transfer.Wanted) bool) {
		for _, p := range photos {
			if !yield(transfer.Wanted{Photo: p}) {
				return
			}
		}
	}
	if _, err := transfer.Download(context.Background(), c, dir, list, o, func(r transfer.Record) {
		if r.Err != nil {
			t.Logf("%s: %v", r.Path, r.Err)
		}
		got[filepath.Base(r.Path)] = r.Outcome
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestSameNamesAreKeptApart(t *testing.T) {
	t.Parallel()
	one, two := []byte("one"), []byte("two")
	c, served := source(t, 0, one, two)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "other.jpg"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, q := of("IMG.jpg", one), of("img.JPG", two)
	apart := "img-" + q.ID.String()[:8] + ".JPG"
	other := "other-" + p.ID.String()[:8] + ".jpg"
	first := fetch(t, c, dir, p, q)
	if d := cmp.Diff(map[string]photo.Outcome{"IMG.jpg": "downloaded", apart: "downloaded"}, first); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]photo.Outcome{other: "downloaded"}, fetch(t, c, dir, of("other.jpg", one))); d != "" {
		t.Error(d)
	}
	n := served.Load()
	for _, again := range [][]photo.Photo{{p, q}, {q, p}} {
		if d := cmp.Diff(map[string]photo.Outcome{"IMG.jpg": "exists", apart: "exists"}, fetch(t, c, dir, again...)); d != "" || served.Load() != n {
			t.Errorf("%d requests; %s", served.Load()-n, d)
		}
	}
	if d := cmp.Diff(slices.Sorted(slices.Values([]string{"IMG.jpg", apart, other, "other.jpg"})), names(t, dir)); d != "" {
		t.Error(d)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "other.jpg")); err != nil || string(b) != "mine" {
		t.Errorf("a file that was there is now %q, %v", b, err)
	}
}

func TestCutDownloadResumes(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	c, served := source(t, 300_000, content)
	dir := t.TempDir()
	p := of("big.jpg", content)
	if d := cmp.Diff(map[string]photo.Outcome{"big.jpg": "downloaded"}, fetch(t, c, dir, p)); d != "" {
		t.Error(d)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "big.jpg")); err != nil || !bytes.Equal(got, content) || served.Load() != 4 {
		t.Errorf("%d bytes in %d requests, %v", len(got), served.Load(), err)
	}
}

func TestEarlierRunsBytesAreKept(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 1000)
	c, _ := source(t, 0, content)
	dir := t.TempDir()
	p := of("a.jpg", content)
	part := filepath.Join(dir, "."+p.ID.String()+".photos-part")
	if err := os.WriteFile(part, content[:7000], 0o600); err != nil {
		t.Fatal(err)
	}
	fetch(t, c, dir, p)
	if got, err := os.ReadFile(filepath.Join(dir, "a.jpg")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if d := cmp.Diff([]string{"a.jpg"}, names(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestLinkAtThePartFileIsNotFollowed(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 1000)
	c, _ := source(t, 0, content)
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := of("a.jpg", content)
	if err := os.Symlink(victim, filepath.Join(dir, "."+p.ID.String()+".photos-part")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]photo.Outcome{"a.jpg": "downloaded"}, fetch(t, c, dir, p)); d != "" {
		t.Error(d)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "mine" {
		t.Errorf("the file behind the link is now %d bytes, %v", len(b), err)
	}
}

// TestPhotoNamedTwice: a photo that is named twice becomes one file.
func TestPhotoNamedTwice(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	c, _ := source(t, 0, content)
	dir := t.TempDir()
	p := of("a.jpg", content)
	n := map[photo.Outcome]int{}
	photos := func(yield func(transfer.Wanted) bool) {
		for range 8 {
			if !yield(transfer.Wanted{Photo: p}) {
				return
			}
		}
	}
	_, err := transfer.Download(t.Context(), c, dir, photos, transfer.DownloadOptions{}, func(r transfer.Record) { n[r.Outcome]++ })
	if err != nil || n[transfer.OutcomeDownloaded] != 1 || n[photo.OutcomeExists] != 7 {
		t.Errorf("%v, %v", n, err)
	}
	if d := cmp.Diff([]string{"a.jpg"}, names(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestWrongBytesNeverGetTheName(t *testing.T) {
	t.Parallel()
	content := []byte("the photo's bytes")
	c, _ := source(t, 0, content)
	dir := t.TempDir()
	p := of("a.jpg", content)
	damaged := append([]byte("THE"), content[3:8]...)
	if err := os.WriteFile(filepath.Join(dir, "."+p.ID.String()+".photos-part"), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]photo.Outcome{"a.jpg": "failed"}, fetch(t, c, dir, p)); d != "" {
		t.Error(d)
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if d := cmp.Diff(map[string]photo.Outcome{"a.jpg": "downloaded"}, fetch(t, c, dir, p)); d != "" {
		t.Error(d)
	}
}

func TestNamesAreSafe(t *testing.T) {
	t.Parallel()
	content := []byte("x")
	for name, want := range map[string]string{
		"../../etc/passwd":       "_.._.._etc_passwd",
		"NUL.jpg":                "_NUL.jpg",
		"con":                    "_con",
		"Com1 .tar.jpg":          "_Com1 .tar.jpg",
		"CONcert.jpg":            "CONcert.jpg",
		"a\u202egpj.exe":         "a_gpj.exe",
		"new\nline.jpg":          "new_line.jpg",
		".hidden.jpg":            "_.hidden.jpg",
		".jpg":                   "_.jpg",
		"-rf":                    "_-rf",
		"--help.jpg":             "_--help.jpg",
		"CONIN$":                 "_CONIN$",
		"conout$.jpg":            "_conout$.jpg",
		"LPT².jpg":               "_LPT².jpg",
		"COM10":                  "COM10",
		"a.jpg. . ":              "a.jpg",
		"":                       photo.ID(sha256.Sum256(content)).Short(),
		"bad\xff.jpg":            "bad_.jpg",
		"trailing. ":             "trailing",
		strings.Repeat("n", 300): strings.Repeat("n", 200),
		`a\b:c*d?e"f<g>h|i.jpg`:  "a_b_c_d_e_f_g_h_i.jpg",
	} {
		c, _ := source(t, 0, content)
		dir := t.TempDir()
		fetch(t, c, dir, of(name, content))
		if got := names(t, dir); len(got) != 1 || got[0] != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

func TestStreamVerifies(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	c, _ := source(t, 200_000, content)
	var out bytes.Buffer
	if err := transfer.Stream(context.Background(), c, of("a.jpg", content), &out); err != nil || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}

// TestTimesOfDownloadedFiles: a file gets the time of modification that it had before the
// upload or, if that is not known, the time at which the photo was taken.
func TestTimesOfDownloadedFiles(t *testing.T) {
	t.Parallel()
	modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	taken := time.Date(2019, 1, 2, 3, 4, 5, 0, time.FixedZone("", 9*3600))
	for name, c := range map[string]struct {
		modified time.Time
		taken    photo.Moment
		want     time.Time // zero: now
	}{
		"modified.jpg": {modified, photo.At(taken), modified},
		"taken.jpg":    {time.Time{}, photo.At(taken), taken},
		"clock.jpg":    {time.Time{}, photo.AtWallClock(taken), time.Date(2019, 1, 2, 3, 4, 5, 0, time.Local)},
		"unknown.jpg":  {time.Time{}, photo.Moment{}, time.Time{}},
	} {
		content := []byte(name)
		src, _ := source(t, 0, content)
		p := of(name, content)
		p.ModifiedAt, p.TakenAt = c.modified, c.taken
		dir := t.TempDir()
		fetch(t, src, dir, p)
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if at := info.ModTime(); !c.want.IsZero() && !at.Equal(c.want) || c.want.IsZero() && time.Since(at) > time.Hour {
			t.Errorf("%s: modified at %v, want %v", name, at, c.want)
		}
	}
}

// TestForeignPartsAreNotContinued: a part file that somebody else may have made is replaced. A
// file that it links to does not change.
func TestForeignPartsAreNotContinued(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows tells neither owners nor numbers of links")
	}
	content := bytes.Repeat([]byte("0123456789"), 1000)
	c, _ := source(t, 0, content)
	p := of("a.jpg", content)
	for name, plant := range map[string]func(part, other string) error{
		"a second link": func(part, other string) error { return os.Link(other, part) },
		"a symlink":     func(part, other string) error { return os.Symlink(other, part) },
		"a pipe":        func(part, _ string) error { return exec.Command("mkfifo", part).Run() },
		"another user's": func(part, _ string) error {
			if err := os.WriteFile(part, content[:100], 0o666); err != nil || os.Geteuid() != 0 {
				return err // only root can change the owner; other users continue the file
			}
			return os.Chown(part, 12345, 12345)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			other := filepath.Join(dir, "other")
			if err := os.WriteFile(other, content[:100], 0o600); err != nil {
				t.Fatal(err)
			}
			if err := plant(filepath.Join(dir, "."+p.ID.String()+".photos-part"), other); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(map[string]photo.Outcome{"a.jpg": "downloaded"}, fetch(t, c, dir, p)); d != "" {
				t.Error(d)
			}
			info, err := os.Lstat(filepath.Join(dir, "a.jpg"))
			if err != nil || !info.Mode().IsRegular() {
				t.Fatalf("%v, %v", info, err)
			}
			owned, err := os.Stat(other)
			if got, _ := os.ReadFile(other); err != nil || os.SameFile(info, owned) || !bytes.Equal(got, content[:100]) {
				t.Errorf("the other file has %d bytes now, %v", len(got), err)
			}
		})
	}
}
