package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/client"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/store"
	"photos/internal/testkit/pipenet"
)

// full is a staging whose disk has space for room bytes of an upload, and none for a new
// name.
type full struct {
	blob.Staging
	room int
}

func (f full) Create(ctx context.Context, owner, name string) (blob.Staged, error) {
	staged, err := f.Staging.Create(ctx, owner, name)
	return fullStaged{staged, f.room}, err
}

func (f full) Whole(ctx context.Context, owner string, length int64, digest photo.ID) (blob.Staged, error) {
	staged, err := f.Staging.Whole(ctx, owner, length, digest)
	return fullStaged{staged, f.room}, err
}

func (f full) Resume(ctx context.Context, owner, name string, state []byte) (blob.Staged, error) {
	staged, err := f.Staging.Resume(ctx, owner, name, state)
	return fullStaged{staged, f.room}, err
}

type fullStaged struct {
	blob.Staged
	room int
}

func (f fullStaged) Write(p []byte) (int, error) {
	n := min(len(p), max(0, f.room-int(f.Size())))
	m, err := f.Staged.Write(p[:n])
	if err == nil && n < len(p) {
		err = fmt.Errorf("write: %w", blob.ErrFull)
	}
	return m, err
}

func (f fullStaged) Commit(context.Context, bool) (string, error) {
	return "", fmt.Errorf("rename: %w", blob.ErrFull)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	const room = 5000
	s := start(t, func(c *config) { c.Staging = full{c.Staging, room} })
	ada := s.as("ada")
	large, small := jpeg(t, 1, 20_000), jpeg(t, 2, 2000)
	for _, data := range [][]byte{large, small} {
		ada.upload(data, api.UploadMetadata{ID: idOf(data)}).refused(http.StatusInsufficientStorage, photo.KindStorageFull)
	}
	if s.stagedCount() != 0 {
		t.Errorf("%d staged", s.stagedCount())
	}
	path := ada.begin(len(large), api.UploadMetadata{ID: idOf(large)})
	ada.append(path, 0, large).refused(http.StatusInsufficientStorage, photo.KindStorageFull)
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusOK, header{api.HeaderUploadOffset: fmt.Sprint(room)})
	if len(ada.list("")) != 0 {
		t.Error("photos are listed that are not stored")
	}
	// There is space again: the upload continues where it stopped.
	s.close()
	s.open()
	s.as("ada").append(path, room, large[room:]).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})
}

// readOnly is a staging that cannot be written to.
type readOnly struct{ blob.Staging }

func (l readOnly) Create(context.Context, string, string) (blob.Staged, error) {
	return nil, fmt.Errorf("create: %w: secret path", blob.ErrReadOnly)
}

func (l readOnly) Whole(ctx context.Context, owner string, _ int64, _ photo.ID) (blob.Staged, error) {
	return l.Create(ctx, owner, "")
}

// Uploads are refused as temporarily unavailable. Stored photos can still be read.
func TestReadOnlyBlobs(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.as("ada").album(1)
	s.close()
	s.open(func(c *config) { c.Staging = readOnly{c.Staging} })
	ada := s.as("ada")
	a := ada.upload(jpeg(t, 9, 4000), api.UploadMetadata{})
	a.refused(http.StatusServiceUnavailable, photo.KindUnavailable)
	a.has(http.StatusServiceUnavailable, header{"Retry-After": "2"})
	if bytes.Contains(a.body, []byte("secret")) {
		t.Errorf("answered %s", a.body)
	}
	ada.call(http.MethodGet, photoPath(ids[0])+"/content", nil, nil).has(http.StatusOK, nil)
}

// failing is a store with methods that fail.
type failing struct {
	store.Store
	err error
}

func (f failing) Owner(context.Context, string, string) (string, error) { return "", f.err }
func (f failing) Ping(context.Context) error                            { return f.err }

func TestFailingStore(t *testing.T) {
	t.Parallel()
	busy := &photo.Error{Kind: photo.KindUnavailable, Msg: "the database is busy", Err: errors.New("secret cause")}
	for name, c := range map[string]struct {
		err    error
		status int
		kind   photo.Kind
		retry  string
	}{
		"busy":     {fmt.Errorf("find owner: %w", busy), 503, photo.KindUnavailable, "2"},
		"broken":   {errors.New("secret cause"), 500, photo.KindInternal, ""},
		"too late": {fmt.Errorf("find owner: %w", context.DeadlineExceeded), 503, photo.KindUnavailable, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(cfg *config) { cfg.Store = failing{cfg.Store, c.err} })
			a := s.as("ada").call(http.MethodGet, api.PathMe, nil, nil)
			p := a.refused(c.status, c.kind)
			if strings.Contains(string(a.body), "secret") || p.Detail == "" || a.header.Get("Retry-After") != c.retry {
				t.Errorf("Retry-After %q, %s", a.header.Get("Retry-After"), a.body)
			}
			s.as("").call(http.MethodGet, "/readyz", nil, nil).refused(http.StatusServiceUnavailable, photo.KindUnavailable)
			s.as("").call(http.MethodGet, "/healthz", nil, nil).has(http.StatusOK, nil)
		})
	}
}

// panicking is a store that panics a few times when descriptions are set.
type panicking struct {
	store.Store
	left *atomic.Int32
}

func (p panicking) Describe(ctx context.Context, owner string, items []store.Description) ([]store.Described, error) {
	if p.left.Add(-1) >= 0 {
		panic("a mistake")
	}
	return p.Store.Describe(ctx, owner, items)
}

// A request for many photos that panics takes no place from the next ones.
func TestPanicsTakeNoPlace(t *testing.T) {
	t.Parallel()
	var left atomic.Int32
	s := start(t, func(c *config) { c.Store = panicking{c.Store, &left} })
	ada := s.as("ada")
	id := ada.album(1)[0]
	const more = 5 // than there are places
	left.Store(more)
	describe := func() answer {
		return ada.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: []api.DescriptionItem{{ID: id, Description: "x"}}})
	}
	for range more {
		describe().refused(http.StatusInternalServerError, photo.KindInternal)
	}
	describe().has(http.StatusOK, nil)
}

// lossy is a store whose Add is refused, or succeeds although it returns an error.
type lossy struct {
	store.Store
	refuse photo.Kind // "": the row exists all the same
}

func (l lossy) Add(ctx context.Context, owner string, p photo.Photo, key string, options ...store.AddOption) (store.Added, error) {
	if l.refuse != "" {
		return store.Added{}, &photo.Error{Kind: l.refuse, Msg: "no"}
	}
	if _, err := l.Store.Add(ctx, owner, p, key, options...); err != nil {
		return store.Added{}, err
	}
	return store.Added{}, errors.New("the disk did not say")
}

// Bytes are removed only if certainly no row names them.
func TestCommitThatFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		refuse photo.Kind
		blobs  int
		state  photo.State
	}{{photo.KindConflict, 0, photo.Absent}, {"", 1, photo.Stored}} {
		s := start(t, func(cfg *config) { cfg.Store = lossy{cfg.Store, c.refuse} })
		ada := s.as("ada")
		data := jpeg(t, 1, 4000)
		if a := ada.upload(data, api.UploadMetadata{}); a.status < 400 {
			t.Errorf("status %d", a.status)
		}
		if st := ada.state(idOf(data), photo.LookAtBytes); st.State != c.state || s.blobCount() != c.blobs {
			t.Errorf("refused as %q: %s, %d blobs", c.refuse, st.State, s.blobCount())
		}
	}
}

func TestDamagedPhotosAreReported(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	ids := ada.album(3)
	states := func(how photo.Scrutiny) (out [3]photo.State) {
		for i, id := range ids {
			out[i] = ada.state(id, how).State
		}
		return out
	}
	files := s.blobFiles()
	// The files have no order: file i is not photo i.
	must(t, os.Remove(files[0]))
	must(t, os.Truncate(files[1], 10))
	f, err := os.OpenFile(files[2], os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("changed"), 500)
	must(t, errors.Join(err, f.Close()))
	count := func(states [3]photo.State, want photo.State) (n int) {
		for _, st := range states {
			if st == want {
				n++
			}
		}
		return n
	}
	// A check with less scrutiny reports what an earlier one found.
	for _, c := range []struct {
		how     photo.Scrutiny
		damaged int
	}{{photo.LookAtRow, 0}, {photo.LookAtSize, 2}, {photo.LookAtRow, 2}, {photo.LookAtBytes, 3}, {photo.LookAtRow, 3}, {photo.LookAtSize, 3}} {
		got := states(c.how)
		if count(got, photo.Damaged) != c.damaged || count(got, photo.Stored) != 3-c.damaged {
			t.Errorf("verify %q: %v", c.how, got)
		}
	}
	var res api.CheckResponse
	ada.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{Verify: photo.LookAtBytes}).into(&res)
	ada.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{Verify: "hard"}).refused(http.StatusBadRequest, photo.KindUsage)
	ada.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{IDs: make([]photo.ID, photo.MaxCheck+1)}).refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
}

// blobFiles returns the files of all blobs.
func (s *fixture) blobFiles() []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "blobs", "*", "*", "*"))
	must(s.t, err)
	return files
}

// age sets back the time of the last write of files.
func age(t *testing.T, by time.Duration, files ...string) {
	t.Helper()
	then := time.Now().Add(-by)
	for _, f := range files {
		must(t, os.Chtimes(f, then, then))
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) {
		c.Limits.UploadLifetime, c.Limits.TrashFor = time.Millisecond, time.Millisecond
	})
	ada := s.as("ada")
	ids := ada.album(2)
	ada.call(http.MethodDelete, photoPath(ids[0]), nil, nil).has(http.StatusOK, nil)
	expired := ada.begin(4000, api.UploadMetadata{})
	for _, name := range []string{"orphan-old", "orphan-new"} {
		staged, err := s.blobs.Create(context.Background(), "nobody", name)
		must(t, err)
		must(t, staged.Close())
	}
	var keys []string
	for range 2 {
		staged, err := s.blobs.Create(context.Background(), "nobody", "x")
		must(t, err)
		key, err := staged.Commit(context.Background(), true)
		must(t, errors.Join(err, staged.Close(), s.blobs.Discard(context.Background(), "x")))
		keys = append(keys, key)
	}
	old := filepath.Join(s.dir, "blobs", "nobody", keys[0][:2], keys[0])
	age(t, 25*time.Hour, append(s.blobFiles(), filepath.Join(s.dir, "uploads", "orphan-old"))...)
	age(t, 23*time.Hour, filepath.Join(s.dir, "blobs", "nobody", keys[1][:2], keys[1]), filepath.Join(s.dir, "uploads", "orphan-new"))
	eventually(t, "the upload expired and the trash was emptied", func() bool {
		must(t, s.service.Sweeper.Sweep(context.Background()))
		return s.stagedCount() == 1 && s.blobCount() == 3
	})
	if _, err := os.Stat(old); err != nil {
		t.Errorf("the old orphan was removed too early: %v", err)
	}
	s.exec(`UPDATE orphan SET seen_at = seen_at - 31 * 24 * 3600 * 1000000`)
	must(t, s.service.Sweeper.Sweep(context.Background()))
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) || s.blobCount() != 2 {
		t.Errorf("a month later the old orphan still exists: %v", err)
	}
	ada.call(http.MethodHead, expired, tusHeader(nil), nil).has(http.StatusNotFound, nil)
	if st := ada.state(ids[0], photo.LookAtRow); st.State != photo.Absent {
		t.Errorf("after its time in the trash: %s", st.State)
	}
	if st := ada.state(ids[1], photo.LookAtBytes); st.State != photo.Stored {
		t.Errorf("the live photo: %s", st.State)
	}
}

// A sweep never ends an upload that a client is sending, even if it is old.
func TestSweepSparesLiveUploads(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.UploadLifetime = time.Millisecond })
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{})
	st := ada.stall(path, 0, "w", data[:100_000], len(data))
	must(t, s.service.Sweeper.Sweep(context.Background()))
	_, err := st.body.Write(data[100_000:])
	must(t, err)
	must(t, st.body.Close())
	(<-st.done).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
}

// slowBlobs waits before a blob is opened.
type slowBlobs struct {
	blob.Store
	delay time.Duration
}

func (b slowBlobs) Open(ctx context.Context, owner, key string) (blob.Reader, error) {
	time.Sleep(b.delay)
	return b.Store.Open(ctx, owner, key)
}

// A client that waits only a short while for each byte does not take long work of the
// service for a dead connection.
func TestLongWorkKeepsTheConnectionAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const stall, long = 2 * time.Second, 20 * time.Second
		s := start(t, func(c *config) {
			c.inMemory = true
			c.HTTP.Stall = stall
			inspect := c.Inspect
			c.Inspect = func(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
				time.Sleep(long)
				return inspect(ctx, r, size)
			}
			c.Blobs = slowBlobs{c.Blobs, long}
		})
		web := &http.Transport{DialContext: s.web.Listener.(*pipenet.Net).Dial}
		defer web.CloseIdleConnections()
		cl, err := client.New(client.Options{Server: s.web.URL, Patience: 4 * stall / 5, Transport: bearer{"ada", web}})
		must(t, err)
		data := append(jpeg(t, 1, photo.MaxWhole), make([]byte, 1000)...)
		id := idOf(data)
		up, err := cl.Upload(t.Context(), client.Upload{Meta: api.UploadMetadata{ID: id}, Body: bytes.NewReader(data), Size: int64(len(data))})
		if err != nil || up.Outcome != photo.OutcomeUploaded || up.Attempts != 1 {
			t.Errorf("upload: %+v, %v", up, err)
		}
		got, err := cl.Verify(t.Context(), []photo.ID{id, {9}}, photo.LookAtBytes)
		if err != nil || got[0].State != photo.Stored || got[1].State != photo.Absent {
			t.Errorf("verify: %+v, %v", got, err)
		}
	})
}

// bearer is a transport that sends the token of a user.
type bearer struct {
	token string
	http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.RoundTripper.RoundTrip(r)
}

// unreadBlobs is a blob store whose files are not opened before the caller gives up.
type unreadBlobs struct {
	blob.Store
	asked chan struct{}
}

func (b *unreadBlobs) Open(ctx context.Context, _, _ string) (blob.Reader, error) {
	select {
	case b.asked <- struct{}{}:
	default: // it is known
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A client that leaves before it has its answer is not a fault of the service: the log has the
// request, and no error.
func TestAbandonedRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	ids := s.as("ada").album(1)
	s.close()
	log := &lockedBuffer{}
	blobs := &unreadBlobs{asked: make(chan struct{}, 1)}
	s.open(func(c *config) {
		blobs.Store, c.Blobs = c.Blobs, blobs
		c.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	check := fmt.Appendf(nil, `{"ids":[%q],"verify":"deep"}`, ids[0])
	for path, body := range map[string][]byte{photoPath(ids[0]) + "/thumbnail": nil, photoPath(ids[0]) + "/content": nil, api.PathCheck: check} {
		ctx, leave := context.WithCancel(t.Context())
		req := s.as("ada").request(http.MethodGet, path, nil, nil)
		if body != nil {
			req = s.as("ada").request(http.MethodPost, path, header{"Content-Type": "application/json"}, bytes.NewReader(body))
		}
		gone := make(chan error, 1)
		go func() {
			res, err := s.web.Client().Do(req.WithContext(ctx))
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			gone <- err
		}()
		select {
		case <-blobs.asked:
		case err := <-gone:
			t.Fatalf("%s: it ended before the client left: %v\n%s", path, err, log)
		}
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the client that left: %v", path, err)
		}
		eventually(t, "the log has the request", func() bool { return strings.Contains(log.String(), "path="+path) })
	}
	text := log.String()
	if strings.Contains(text, "ERROR") || strings.Contains(text, "WARN") {
		t.Errorf("an abandoned request is a fault:\n%s", text)
	}
	if want := fmt.Sprint("path=", photoPath(ids[0]), "/thumbnail status=", httpkit.StatusAbandoned); !strings.Contains(text, want) {
		t.Errorf("no %q in the log:\n%s", want, text)
	}
}
