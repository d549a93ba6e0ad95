package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"photos/internal/archive"
)

// A file is an entry to pack.
type file struct {
	name, content string
	method        uint16 // of zip
}

func packZip(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: f.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(e, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packTar(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, name string, data []byte) (*archive.Archive, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(t.Context(), path)
	if err == nil {
		t.Cleanup(func() { _ = a.Close() })
	}
	return a, err
}

// contents returns what can be read of each entry, or the error.
func contents(a *archive.Archive) map[string]string {
	out := map[string]string{}
	put := func(e *archive.Entry, r io.Reader, err error) {
		var b []byte
		if err == nil {
			b, err = io.ReadAll(r)
		}
		if err != nil {
			b = []byte("error: " + err.Error())
		}
		out[e.Name] += string(b)
	}
	if a.Sequential() {
		if err := a.Stream(context.Background(), func(e *archive.Entry, r io.Reader) bool { put(e, r, e.Err); return true }); err != nil {
			out["stream"] = err.Error()
		}
		return out
	}
	for e := range a.Entries() {
		r, err := e.Open()
		put(e, r, err)
	}
	return out
}

// noise returns a text that does not shrink.
func noise(seed uint64, n int) string {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return string(b)
}

func someFiles() []file {
	return []file{
		{"Takeout/a.jpg", noise(1, 40_000), zip.Store},
		{"Takeout/a.jpg.json", `{"title":"a.jpg"}`, zip.Deflate},
		{"Takeout/b.jpg", noise(2, 70_000), zip.Deflate},
		{"Takeout/empty", "", zip.Store},
		{"Takeout/2019/c.jpg", noise(3, 50_000), zip.Store},
	}
}

// smallFiles are so small that a fuzzer can change them fast.
func smallFiles() []file {
	return []file{{"a/b.jpg", "picture", zip.Store}, {"a/b.jpg.json", `{"title":"b.jpg"}`, zip.Deflate}, {"c", "", zip.Store}}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"a.zip": packZip(t, someFiles()), "a.tgz": packTar(t, someFiles()), "b.tar.gz": packTar(t, someFiles())} {
		a, err := open(t, name, data)
		if err != nil || a.Damage != nil {
			t.Fatalf("%s: %v, %v", name, err, a.Damage)
		}
		got := contents(a)
		for _, f := range someFiles() {
			if got[f.name] != f.content {
				t.Errorf("%s: %s has other bytes", name, f.name)
			}
		}
	}
}

// TestCutArchives cuts an archive everywhere. Entries before the cut are read, or have an error, and nothing else is
// ever read.
func TestCutArchives(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"a.zip": packZip(t, someFiles()), "a.tgz": packTar(t, someFiles())} {
		whole := map[string]string{}
		for _, f := range someFiles() {
			whole[f.name] = f.content
		}
		most := 0
		for n := 1; n < len(data); n += step(n, len(data)) {
			a, err := open(t, name, data[:n])
			if err != nil {
				continue
			}
			if a.Damage == nil && n < len(data) {
				t.Errorf("%s cut after %d bytes: no damage is reported", name, n)
			}
			read := 0
			for entry, content := range contents(a) {
				switch {
				case content == whole[entry]:
					read++
				case !strings.HasPrefix(content, "error: "):
					t.Errorf("%s cut after %d bytes: %s has other bytes", name, n, entry)
				}
			}
			if most = max(most, read); read > 0 && a.Damage != nil && !strings.Contains(a.Damage.Error(), fmt.Sprintf("the first %d entries are complete", read)) {
				t.Errorf("%s cut after %d bytes: %d entries can be read, but the error is %v", name, n, read, a.Damage)
			}
		}
		if most != len(someFiles()) {
			t.Errorf("%s: at most %d entries were read", name, most)
		}
	}
}

// step is small near the end, where the list of entries is.
func step(n, size int) int {
	switch {
	case n > size-30:
		return 3
	case n > size-600:
		return 25
	}
	return min(1+size/40, size-600-n+1)
}

func TestRefusedEntries(t *testing.T) {
	t.Parallel()
	a, err := open(t, "a.zip", packZip(t, []file{
		{"../../etc/passwd.jpg", "x", zip.Store}, {"/abs.jpg", "x", zip.Store}, {"a/../../b.jpg", "x", zip.Store}, {"a//b.jpg", "x", zip.Store},
		{"twice.jpg", "1", zip.Store}, {"twice.jpg", "2", zip.Store}, {"bomb.jpg", strings.Repeat("\x00", 40<<20), zip.Deflate}, {"good.jpg", "good", zip.Store},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range contents(a) {
		want := "error: its name is not a path inside the archive"
		switch name {
		case "twice.jpg":
			want = "1error: the archive has another entry of this name"
		case "bomb.jpg":
			want = "error: it would expand more than 200 times"
		case "good.jpg":
			want = "good"
		}
		if got != want {
			t.Errorf("%s: %.80q, want %q", name, got, want)
		}
	}
}

func TestStreamBomb(t *testing.T) {
	t.Parallel()
	a, err := open(t, "a.tgz", packTar(t, []file{{"a.jpg", "a", 0}, {"bomb.jpg", strings.Repeat("\x00", 64<<20), 0}}))
	if err != nil {
		t.Fatal(err)
	}
	if a.Damage == nil || !strings.Contains(a.Damage.Error(), "it expands more than 200 times: the first 1 entries are complete, up to a.jpg") {
		t.Errorf("the damage is %v", a.Damage)
	}
	if got := contents(a); got["a.jpg"] != "a" || !strings.HasPrefix(got["bomb.jpg"], "error: ") {
		t.Errorf("read %.100q", got)
	}
}

// TestZip64 reads an entry whose sizes are in the extra field, as in files of more than 4 GiB.
func TestZip64(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	// 70,000 entries need the end record of zip64.
	for i := range 70_000 {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%d/%d.jpg", i%100, i), Method: zip.Store}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := open(t, "a.zip", b.Bytes())
	if err != nil || a.Damage != nil {
		t.Fatal(err)
	}
	n := 0
	for range a.Entries() {
		n++
	}
	if _, there := a.Entry("99/69999.jpg"); n != 70_000 || !there {
		t.Errorf("found %d entries", n)
	}
}

// TestMemory opens an archive of 100,000 entries and holds the memory that it takes.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("packs 100,000 entries")
	}
	var files []file
	for i := range 100_000 {
		files = append(files, file{fmt.Sprintf("Takeout/Google Photos/Photos from %d/IMG_%05d.jpg", 2000+i%20, i), "x", zip.Store})
	}
	for name, data := range map[string][]byte{"a.zip": packZip(t, files), "a.tgz": packTar(t, files)} {
		before := heap()
		a, err := open(t, name, data)
		if err != nil {
			t.Fatal(err)
		}
		if took := heap() - before; took > 100<<20 {
			t.Errorf("%s: 100,000 entries take %d MiB", name, took>>20)
		}
		runtime.KeepAlive(a)
		runtime.KeepAlive(data)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestReaderAt reads an entry in random order.
func TestReaderAt(t *testing.T) {
	t.Parallel()
	a, err := open(t, "a.zip", packZip(t, someFiles()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range someFiles() {
		e, _ := a.Entry(f.name)
		r := e.ReaderAt()
		for range 50 {
			off, n := rand.IntN(len(f.content)+1), rand.IntN(9000)
			b := make([]byte, n)
			got, err := r.ReadAt(b, int64(off))
			want := f.content[off:min(len(f.content), off+n)]
			if string(b[:got]) != want || got < n && err == nil {
				t.Fatalf("%s: %d bytes at %d of %d: got %d, %v", f.name, n, off, len(f.content), got, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]string{
		"a.zip/b/c.jpg": {"a.zip", "b/c.jpg"}, "x/a.tar.gz/c": {"x/a.tar.gz", "c"}, "x/A.ZIP/b.zip/c": {"x/A.ZIP", "b.zip/c"},
		"a.zip": {}, "a/b.jpg": {}, "a.zips/b": {}, "": {},
	} {
		outer, name, ok := archive.Split(filepath.FromSlash(path))
		if filepath.ToSlash(outer) != want[0] || name != want[1] || ok != (want[0] != "") {
			t.Errorf("%s is split into %q and %q", path, outer, name)
		}
	}
}

func FuzzZip(f *testing.F) {
	whole := packZip(f, smallFiles())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, "a.zip", data) })
}

func FuzzTar(f *testing.F) {
	whole := packTar(f, smallFiles())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, "a.tgz", data) })
}

// fuzz reads everything of an archive. No entry has more bytes than it says.
func fuzz(t *testing.T, name string, data []byte) {
	a, err := open(t, name, data)
	if err != nil {
		return
	}
	for e := range a.Entries() {
		if e.Err == nil && !filepath.IsLocal(e.Name) {
			t.Errorf("%q is outside the archive", e.Name)
		}
	}
	contents(a)
}
