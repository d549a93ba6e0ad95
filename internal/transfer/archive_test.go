package transfer_test

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"photos/internal/archive"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/testkit/sample"
	"photos/internal/transfer"
)

// packer writes entries into an archive.
type packer struct {
	add   func(name string, data []byte) error
	close func() error
}

func newZip(w io.Writer) packer {
	z := zip.NewWriter(w)
	return packer{func(name string, data []byte) error {
		e, err := z.Create(name)
		if err == nil {
			_, err = e.Write(data)
		}
		return err
	}, z.Close}
}

func newTar(w io.Writer) packer {
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	return packer{func(name string, data []byte) error {
		err := t.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600})
		if err == nil {
			_, err = t.Write(data)
		}
		return err
	}, func() error { return errors.Join(t.Close(), z.Close()) }}
}

// pack makes an export in two parts: n pictures in the first, and their JSON in the second.
func pack(t *testing.T, newPacker func(io.Writer) packer, ext string, n int) (paths []string) {
	t.Helper()
	parts := map[string]func(i int) (string, []byte){
		"1" + ext: func(i int) (string, []byte) {
			data, err := sample.Picture(uint64(i), 2000)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("Takeout/Photos/%d/IMG_%d.jpg", i%20, i), data
		},
		"2" + ext: func(i int) (string, []byte) {
			return fmt.Sprintf("Takeout/Photos/%d/IMG_%d.jpg.json", i%20, i),
				fmt.Appendf(nil, `{"title": "IMG_%d.jpg", "description": "photo %d", "photoTakenTime": {"timestamp": "1532281602"}}`, i, i)
		},
	}
	dir := t.TempDir()
	for name, entry := range parts {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		p := newPacker(f)
		for i := range n {
			err = errors.Join(err, p.add(entry(i)))
		}
		if err := errors.Join(err, p.close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Name())
	}
	return paths
}

// uploadArchives uploads archives and returns the sum and the records.
func uploadArchives(ctx context.Context, t *testing.T, svc transfer.Service, paths []string) (transfer.Summary, error) {
	t.Helper()
	files := archive.NewFiles()
	for _, p := range paths {
		if _, err := files.Archive(ctx, p); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	o := transfer.Options{Sidecars: sidecar.NewIn(files, []sidecar.Kind{sidecar.Takeout}, paths...)}
	items := transfer.Scan(paths, transfer.ScanOptions{Archives: files, Context: ctx})
	sum, err := transfer.Upload(ctx, svc, items, o, func(r transfer.Record) {
		if r.Err != nil && ctx.Err() == nil {
			t.Errorf("%s: %v", r.Path, r.Err)
		}
	})
	if closed := files.Close(); closed != nil {
		t.Error(closed)
	}
	return sum, err
}

// TestArchives uploads more photos of archives than may wait, and leaves no file behind.
func TestArchives(t *testing.T) {
	for ext, newPacker := range map[string]func(io.Writer) packer{".zip": newZip, ".tgz": newTar} {
		const n = 500
		paths := pack(t, newPacker, ext, n)
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		svc := newMemory()
		sum, err := uploadArchives(t.Context(), t, svc, paths)
		if err != nil || sum.Outcomes[photo.OutcomeUploaded] != n || sum.Outcomes[photo.OutcomeSkipped] != n {
			t.Fatalf("%s: %+v, %v", ext, sum, err)
		}
		for id, description := range svc.photos {
			if description == "" {
				t.Errorf("%s: %s has no description", ext, id)
			}
		}
		left, err := os.ReadDir(temp)
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", ext, left, err)
		}
	}
}

// TestInterruptedArchives ends an upload while photos of a tgz wait. Nothing hangs, and nothing is left.
func TestInterruptedArchives(t *testing.T) {
	paths := pack(t, newTar, ".tgz", 400)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, after := range []int{1, 50, 200} {
		ctx, cancel := context.WithCancel(t.Context())
		svc := newMemory()
		svc.beforeUpload = func(n int, _ client.Upload) error {
			if n == after {
				cancel()
			}
			return nil
		}
		_, err := uploadArchives(ctx, t, svc, paths)
		if photo.KindOf(err) != photo.KindInterrupted {
			t.Errorf("after %d uploads: %v", after, err)
		}
		cancel()
	}
	left, err := os.ReadDir(temp)
	for range 500 { // the reading of an archive ends a little later than the upload; a file has a name for a moment
		if err != nil || len(left) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
		left, err = os.ReadDir(temp)
	}
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestManyEntries holds the memory of an upload from archives with 20,000 entries, in many folders that alternate.
func TestManyEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("packs 20,000 entries")
	}
	const n = 10_000
	paths := pack(t, newZip, ".zip", n)
	svc := &forgetful{memory: newMemory()}
	sum, err := uploadArchives(t.Context(), t, svc, paths)
	if err != nil || sum.Outcomes[photo.OutcomeUploaded] != n {
		t.Fatalf("%+v, %v", sum, err)
	}
	if svc.most > 100<<20 {
		t.Errorf("the upload took up to %d MiB", svc.most>>20)
	}
}

// forgetful is a service that keeps nothing, and measures the memory of the client.
type forgetful struct {
	*memory
	n    int
	most uint64
}

func (f *forgetful) Upload(_ context.Context, u client.Upload) (client.Uploaded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n%5000 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		f.most = max(f.most, m.HeapAlloc)
	}
	return client.Uploaded{ID: u.Meta.ID, Outcome: photo.OutcomeUploaded}, nil
}
