package service_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
	"photos/internal/testkit/sample"
)

// Requests with the last bytes that reach two processes at the same time store one photo.
// Those that come too late learn that nothing is missing.
func TestLastBytesThroughTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Second)
	data, err := sample.Picture(1, 400_000)
	must(t, err)
	owner, err := w.processes[0].db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	for round := range 6 {
		u := &modelUpload{data: data, id: begin(t, w, owner, int64(len(data)))}
		results := make([]error, 2+round)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				_, results[i] = w.processes[i%2].uploads.Append(context.Background(), appending(owner, u.id, "w", data))
			})
		}
		wg.Wait()
		stored := 0
		for _, err := range results {
			var elsewhere *service.OffsetError
			switch {
			case err == nil:
				stored++
			case !errors.As(err, &elsewhere) || elsewhere.Progress.Done == nil || elsewhere.Progress.Offset != int64(len(data)):
				t.Errorf("round %d: %v", round, err)
			}
		}
		if stored != 1 {
			t.Errorf("%d of %d requests stored the photo", stored, len(results))
		}
	}
}

// An idle request of another process loses the upload when its lease expires. It can no
// longer append, and it finishes nothing.
func TestIdleProcessLosesTheUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100*time.Millisecond)
	data, err := sample.Picture(1, 400_000)
	must(t, err)
	owner, err := w.processes[0].db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	id := begin(t, w, owner, int64(len(data)))
	idle := hanging(data[:100_000])
	old := make(chan error)
	go func() {
		a := appending(owner, id, "old", nil)
		a.Open = func(int64) (service.Body, error) { return idle, nil }
		_, err := w.processes[0].uploads.Append(context.Background(), a)
		old <- err
	}()
	<-idle.waiting
	a := appending(owner, id, "new", data[100_000:])
	a.Offset = 100_000
	var leased *service.LeasedError
	for until := time.Now().Add(20 * time.Second); ; {
		if _, err = w.processes[1].uploads.Append(context.Background(), a); !errors.As(err, &leased) || time.Now().After(until) {
			break
		}
	}
	must(t, err)
	var elsewhere *service.OffsetError
	if err := <-old; !errors.As(err, &elsewhere) {
		t.Errorf("the idle request: %v", err)
	}
	at, err := w.processes[0].uploads.Status(t.Context(), service.Request{Caller: service.Caller{Owner: owner}}, id)
	if err != nil || at.Done == nil || at.Done.Outcome != photo.OutcomeUploaded {
		t.Errorf("status: %+v, %v", at, err)
	}
}

// A resumed upload continues the digest where the last request left it.
func TestResumeReadsNothingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second)
	data, err := sample.Picture(1, 400_000)
	must(t, err)
	p := w.processes[0]
	owner, err := p.db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	id := begin(t, w, owner, int64(len(data)))
	const piece = 100_000
	for offset := 0; offset < len(data); offset += piece {
		u, err := p.db.Upload(t.Context(), owner, id)
		must(t, err)
		if offset > 0 {
			// A state that covers all bytes gives the right digest although the file was changed.
			staged, err := p.disk.Resume(t.Context(), owner, id, u.DigestState)
			must(t, err)
			digest, err := staged.Digest()
			must(t, err)
			must(t, staged.Close())
			if digest != sha256.Sum256(data[:offset]) {
				t.Errorf("the digest at byte %d is wrong", offset)
			}
		}
		a := appending(owner, id, "w", data[offset:min(offset+piece, len(data))])
		a.Offset = int64(offset)
		_, err = p.uploads.Append(t.Context(), a)
		must(t, err)
		if offset+piece < len(data) {
			must(t, overwrite(w.stagedPath(id), offset+1000)) // it must not be read again
		}
	}
	_, key, err := p.db.Get(t.Context(), owner, sha256.Sum256(data), store.Live)
	if err != nil || key == "" {
		t.Errorf("the bytes were read again: %v", err)
	}
}

// A request that is refused removes nothing when another process has claimed the upload in the meantime.
func TestRefusedRequestSparesItsSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Second)
	owner, err := w.processes[0].db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	text := bytes.Repeat([]byte("not a picture "), 600)
	id := begin(t, w, owner, int64(len(text)))
	a := appending(owner, id, "old", nil)
	a.Open = func(int64) (service.Body, error) {
		return &body{readFunc(func(p []byte) (int, error) { // while the request has the upload
			w.exec(t, `UPDATE upload SET leased_until = 0 WHERE id = ?`, id)
			_, err := w.processes[1].db.ClaimUpload(context.Background(), store.Upload{Owner: owner, ID: id, Writer: "new"}, time.Minute, time.Hour)
			must(t, err)
			return copy(p, text), io.EOF
		})}, nil
	}
	if _, err := w.processes[0].uploads.Append(t.Context(), a); photo.KindOf(err) != photo.KindNotPicture {
		t.Errorf("a text: %v", err)
	}
	if u, err := w.processes[1].db.Upload(t.Context(), owner, id); err != nil || u.Writer != "new" {
		t.Errorf("the row: %+v, %v", u, err)
	}
	if w.staged(id) < 0 {
		t.Error("the staged bytes of the successor are gone")
	}
}

// A request that a newer one has stopped writes nothing any more, even if more of its bytes arrive.
func TestStoppedRequestWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Second)
	data, err := sample.Picture(1, 400_000)
	must(t, err)
	p := w.processes[0]
	owner, err := p.db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	id := begin(t, w, owner, int64(len(data)))
	late := &lateBody{hangingBody: hanging(data[:100_000]), late: data[100_000:150_000]}
	old := make(chan error)
	go func() {
		a := appending(owner, id, "w", nil)
		a.Open = func(int64) (service.Body, error) { return late, nil }
		_, err := p.uploads.Append(context.Background(), a)
		old <- err
	}()
	<-late.waiting
	a := appending(owner, id, "w", data[100_000:])
	a.Offset = 100_000
	at, err := p.uploads.Append(t.Context(), a)
	if err != nil || at.Done == nil {
		t.Errorf("the newer request: %+v, %v", at, err)
	}
	var elsewhere *service.OffsetError
	if err := <-old; !errors.As(err, &elsewhere) {
		t.Errorf("the older request: %v", err)
	}
}

// A request that begins where the upload no longer is does not stop the one that is further.
func TestStaleRequestStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50*time.Millisecond) // also how long the stale request waits, three times
	data, err := sample.Picture(1, 400_000)
	must(t, err)
	p := w.processes[0]
	owner, err := p.db.Owner(t.Context(), "pool", "ada")
	must(t, err)
	id := begin(t, w, owner, int64(len(data)))
	first := &lateBody{hangingBody: hanging(data[:100_000]), late: data[100_000:]}
	done := make(chan error)
	go func() {
		a := appending(owner, id, "w", nil)
		a.Open = func(int64) (service.Body, error) { return first, nil }
		at, err := p.uploads.Append(context.Background(), a)
		if err == nil && at.Done == nil {
			err = errors.New("it is not finished")
		}
		done <- err
	}()
	<-first.waiting
	_, err = p.uploads.Append(t.Context(), appending(owner, id, "w", data[:1000]))
	var elsewhere *service.OffsetError
	if !errors.As(err, &elsewhere) || elsewhere.Progress.Offset != 100_000 {
		t.Errorf("the stale request: %v", err)
	}
	first.Stop() // the rest of its bytes arrive
	if err := <-done; err != nil {
		t.Errorf("the request that is further: %v", err)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// lateBody is a hangingBody of which more bytes arrive when it is stopped, and then its end.
type lateBody struct {
	*hangingBody
	late []byte
}

func (b *lateBody) Read(p []byte) (int, error) {
	select {
	case <-b.stopped:
	default:
		if n, err := b.hangingBody.Read(p); err == nil {
			return n, nil
		}
	}
	if len(b.late) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.late)
	b.late = b.late[n:]
	return n, nil
}

// overwrite changes a byte of a file.
func overwrite(path string, at int) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{'x'}, int64(at))
	return errors.Join(err, f.Close())
}

func begin(t *testing.T, w *world, owner string, size int64) string {
	t.Helper()
	at, err := w.processes[0].uploads.Begin(t.Context(), service.Creation{Request: service.Request{Caller: service.Caller{Owner: owner}}, Length: size})
	must(t, err)
	return at.Upload.ID
}

func appending(owner, id, writer string, data []byte) service.Append {
	a := service.Append{ID: id}
	a.Owner, a.Writer, a.Size = owner, writer, -1
	a.Open = func(int64) (service.Body, error) { return &body{bytes.NewReader(data)}, nil }
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Bytes that wait for the comparison with their checksum count against no quota, so one owner has few of
// them at a time.
func TestChecksumsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Second)
	uploads := w.processes[0].uploads
	check := func(ctx context.Context, owner string, body io.Reader) error {
		checked, err := uploads.Checked(ctx, owner, body, 1000, sha256.New(), nil)
		if err == nil {
			err = checked.Close()
		}
		return err
	}
	var bodies []*hangingBody
	var wg sync.WaitGroup
	for range 8 {
		body := hanging(make([]byte, 100))
		bodies = append(bodies, body)
		wg.Go(func() {
			if err := check(context.Background(), "ada", body); !errors.Is(err, errBroken) {
				t.Errorf("a broken body: %v", err)
			}
		})
		<-body.waiting
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := check(ctx, "ada", bytes.NewReader(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("one more: %v, want that it waits", err)
	}
	if err := check(t.Context(), "bob", bytes.NewReader(nil)); !errors.Is(err, service.ErrChecksum) {
		t.Errorf("another owner: %v", err)
	}
	for _, body := range bodies {
		body.Stop()
	}
	wg.Wait()
	if err := check(t.Context(), "ada", bytes.NewReader(nil)); !errors.Is(err, service.ErrChecksum) {
		t.Errorf("afterwards: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(w.dir, "uploads"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
