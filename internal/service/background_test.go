package service_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"image/jpeg"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"photos/internal/blob"
	"photos/internal/blob/disk"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
	"photos/internal/thumb"
)

// studio is a service whose maker of renditions counts, and can fail or wait.
type studio struct {
	*service.Service
	db    *sqldb.DB
	blobs *disk.Store
	dir   string

	made    atomic.Int32
	fail    atomic.Pointer[error]
	running atomic.Int32
	most    atomic.Int32 // decoded at the same time
	hold    sync.Mutex   // held by a test that lets no decoding end
	takes   time.Duration
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	s := &studio{dir: t.TempDir()}
	s.open(t)
	t.Cleanup(func() { must(t, errors.Join(s.db.Close(), s.blobs.Close())) })
	return s
}

func (s *studio) open(t *testing.T) {
	t.Helper()
	var err error
	s.db, err = sqldb.Open(t.Context(), "sqlite:"+filepath.Join(s.dir, "photos.db"))
	must(t, err)
	s.blobs, err = disk.Open(s.dir)
	must(t, err)
	s.Service, err = service.New(service.Config{
		Store: s.db, Blobs: s.blobs, Staging: s.blobs, Inspect: metadata.Read, Verify: verify, Renditions: s, Limits: service.Limits{Decoders: 2},
	})
	must(t, err)
}

func (s *studio) Decoders() string { return "" }

func (s *studio) Make(ctx context.Context, mediaType string, r io.ReaderAt, size int64) (thumb.Result, error) {
	s.made.Add(1)
	s.most.Store(max(s.most.Load(), s.running.Add(1)))
	defer s.running.Add(-1)
	s.hold.Lock()
	s.hold.Unlock() //nolint:gocritic,staticcheck // it only waits
	time.Sleep(s.takes)
	if err := s.fail.Load(); err != nil {
		return thumb.Result{}, *err
	}
	return thumb.New(thumb.Config{}).Make(ctx, mediaType, r, size)
}

// background runs the work in the background until ready returns true.
func (s *studio) background(t *testing.T, ready func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan struct{})
	go func() { defer close(ended); s.Background.Run(ctx) }()
	for !ready() && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Error("the work in the background is not done after a minute")
	}
	cancel()
	<-ended
}

// idle reports whether the queue is empty.
func (s *studio) idle(t *testing.T) bool {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "photos.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	defer raw.Close()
	var n int
	must(t, raw.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM work`).Scan(&n))
	return n == 0
}

func (s *studio) look(t *testing.T, by service.Caller, id photo.ID) photo.Look {
	t.Helper()
	p, err := s.Photos.Get(t.Context(), by, id)
	must(t, err)
	return p.Look
}

func (s *studio) blobFiles(t *testing.T) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(filepath.Join(s.dir, "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func TestRenditionsInTheBackground(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	ids := []photo.ID{add(t, s.Service, by, 1), add(t, s.Service, by, 2), add(t, s.Service, by, 3)}
	for _, id := range ids {
		if l := s.look(t, by, id); l.Rendition != photo.RenditionPending {
			t.Errorf("after the upload: %+v", l)
		}
	}
	s.background(t, func() bool { return s.idle(t) })
	for _, id := range ids {
		if l := s.look(t, by, id); l.Rendition != photo.RenditionReady || l.Color == (photo.Color{}) {
			t.Errorf("after the work: %+v", l)
		}
		got, err := s.Photos.Thumbnail(t.Context(), by, id, 256)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(got)); err != nil {
			t.Error(err)
		}
	}
	if n := s.made.Load(); n != 3 {
		t.Errorf("%d photos decoded, want 3", n)
	}
	if n := s.blobFiles(t); n != 6 {
		t.Errorf("%d blobs, want one more for each photo", n)
	}
}

// The renditions of a photo go with it.
func TestRenditionsAreSwept(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	_, err := s.Photos.Thumbnail(t.Context(), by, id, 256)
	must(t, err)
	_, err = s.db.Trash(t.Context(), by.Owner, id, 0)
	must(t, err)
	must(t, s.Sweeper.Sweep(t.Context()))
	if n := s.blobFiles(t); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// A photo is decoded once, however many ask for however many sizes of it.
func TestRenditionsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	s.hold.Lock()
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if _, err := s.Photos.Thumbnail(t.Context(), by, id, thumb.Sizes()[i%3]); err != nil {
				t.Error(err)
			}
		})
	}
	s.hold.Unlock()
	all.Wait()
	if n := s.made.Load(); n != 1 {
		t.Errorf("decoded %d times", n)
	}
	s.background(t, func() bool { return s.idle(t) })
	if n := s.made.Load(); n != 1 {
		t.Errorf("decoded %d times, once in the background", n)
	}
}

// Two processes share the work, and neither does what the other has.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	other := &studio{dir: s.dir}
	other.open(t)
	t.Cleanup(func() { must(t, errors.Join(other.db.Close(), other.blobs.Close())) })
	by := signIn(t, s.Service, "ada")
	const photos = 20
	for n := range photos {
		add(t, s.Service, by, uint64(n))
	}
	var both sync.WaitGroup
	for _, one := range []*studio{s, other} {
		both.Go(func() {
			one.background(t, func() bool { return s.made.Load()+other.made.Load() >= photos && one.running.Load() == 0 })
		})
	}
	both.Wait()
	if a, b := s.made.Load(), other.made.Load(); a+b != photos {
		t.Errorf("%d and %d photos decoded, want %d in all", a, b, photos)
	}
	if s.most.Load() > 2 || other.most.Load() > 2 {
		t.Errorf("%d and %d decoded at the same time, at most 2 may be", s.most.Load(), other.most.Load())
	}
	if n := s.blobFiles(t); n != 2*photos {
		t.Errorf("%d blobs, want %d", n, 2*photos)
	}
}

// A photo that cannot be decoded is not tried again when somebody asks for it, unless there was
// no decoder.
func TestRefusedPhotos(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err   error
		tries int32
	}{{thumb.ErrRefused, 0}, {thumb.ErrUnsupported, 2}} {
		s := newStudio(t)
		by := signIn(t, s.Service, "ada")
		id := add(t, s.Service, by, 1)
		s.fail.Store(&test.err)
		s.background(t, func() bool { return s.made.Load() > 0 && s.idle(t) })
		before := s.made.Load()
		for range 2 {
			if _, err := s.Photos.Thumbnail(t.Context(), by, id, 256); photo.KindOf(err) != photo.KindNoRendition {
				t.Errorf("%v: error %v", test.err, err)
			}
		}
		if n := s.made.Load() - before; n != test.tries {
			t.Errorf("%v: tried %d times, want %d", test.err, n, test.tries)
		}
		if l := s.look(t, by, id); l != (photo.Look{Rendition: photo.RenditionNone}) {
			t.Errorf("%v: %+v", test.err, l)
		}
	}
}

// What went wrong outside the photo is tried again, also by another process.
func TestFailedWorkIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	away := errors.New("the disk is away")
	s.fail.Store(&away)
	s.background(t, func() bool { return s.made.Load() > 0 && s.running.Load() == 0 })
	if l := s.look(t, by, id); l.Rendition != photo.RenditionPending {
		t.Errorf("after a failure: %+v", l)
	}
	if _, err := s.Photos.Thumbnail(t.Context(), by, id, 256); !errors.Is(err, away) {
		t.Errorf("error %v, want %v", err, away)
	}
	s.fail.Store(nil)
	if _, err := s.Photos.Thumbnail(t.Context(), by, id, 256); err != nil {
		t.Error(err)
	}
}

// A photo whose work never ends, because it kills its process, is given up.
func TestDeadlyPhotoIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	for range 4 {
		_, _, err := s.db.ClaimWork(t.Context(), 0)
		must(t, err)
	}
	s.background(t, func() bool { return s.look(t, by, id).Rendition == photo.RenditionNone })
	if n := s.made.Load(); n != 0 {
		t.Errorf("decoded %d times", n)
	}
}

// Renditions that were lost, or are damaged, are made again.
func TestLostRenditions(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	for range 2 {
		_, err := s.Photos.Thumbnail(t.Context(), by, id, 256)
		must(t, err)
		l, err := s.db.Locate(t.Context(), by.Owner, id)
		must(t, err)
		must(t, s.blobs.Delete(t.Context(), by.Owner, l.Rendition))
	}
	_, err := s.Photos.Thumbnail(t.Context(), by, id, 1024)
	must(t, err)
	if n := s.made.Load(); n != 3 {
		t.Errorf("made %d times, want 3", n)
	}
}

// A photo without its bytes has no renditions, and is known to be damaged.
func TestRenditionsOfLostBytes(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	id := add(t, s.Service, by, 1)
	l, err := s.db.Locate(t.Context(), by.Owner, id)
	must(t, err)
	must(t, s.blobs.Delete(t.Context(), by.Owner, l.Key))
	s.background(t, func() bool { return s.idle(t) })
	states, err := s.db.Check(t.Context(), by.Owner, []photo.ID{id})
	must(t, err)
	if states[0].State != photo.Damaged {
		t.Errorf("state %s, want %s", states[0].State, photo.Damaged)
	}
	if _, err := s.Photos.Thumbnail(t.Context(), by, id, 256); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// While uploads are in progress hardly any work is done.
func TestBackgroundYieldsToUploads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t)
		by := signIn(t, s.Service, "ada")
		s.takes = 50 * time.Millisecond
		const photos = 40
		for n := range photos {
			add(t, s.Service, by, uint64(n))
		}
		entered, leave := make(chan struct{}), make(chan struct{})
		c := service.Creation{Length: 5, Meta: service.Meta{Name: "slow.jpg"}}
		c.Caller, c.Size = by, c.Length
		c.Open = func(int64) (service.Body, error) { close(entered); <-leave; return nil, errors.New("the client left") }
		uploaded := make(chan struct{})
		go func() {
			defer close(uploaded)
			_, _ = s.Uploads.Begin(t.Context(), c)
		}()
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.Background.Run(ctx)
		// One worker waits for a second before each photo, and 40 times as long as the photo took after it.
		if n := s.made.Load(); n < 15 || n > 25 {
			t.Errorf("%d photos decoded during an upload of a minute, want about 20", n)
		}
		close(leave)
		<-uploaded
		s.background(t, func() bool { return s.idle(t) })
	})
}

// What an older reader recorded is read again, from the bytes.
func TestMetadataIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	by := signIn(t, s.Service, "ada")
	data, err := sample.Picture(7, 2000)
	must(t, err)
	staged, err := s.blobs.Create(t.Context(), by.Owner, "old")
	must(t, err)
	_, err = staged.Write(data)
	must(t, err)
	id, err := staged.Digest()
	must(t, err)
	key, err := staged.Commit(t.Context(), false)
	must(t, err)
	must(t, staged.Close())
	_, err = s.db.Add(t.Context(), by.Owner, photo.Photo{ID: id, Name: "old.jpg", Size: int64(len(data)), MediaType: picture.JPEG}, key)
	must(t, err)
	w, _, err := s.db.ClaimWork(t.Context(), time.Hour) // as if it had been there before the queue
	must(t, err)
	must(t, s.db.FinishWork(t.Context(), w))
	s.background(t, func() bool {
		p, err := s.Photos.Get(t.Context(), by, id)
		must(t, err)
		return p.Reader == metadata.Version && p.Look.Rendition == photo.RenditionReady
	})
	p, err := s.Photos.Get(t.Context(), by, id)
	must(t, err)
	if p.Width != 16 || p.Height != 16 || p.TakenAt.IsZero() || p.TakenSource != photo.FactEmbedded {
		t.Errorf("read again: %+v", p)
	}
}
