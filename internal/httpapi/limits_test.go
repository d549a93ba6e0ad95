package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/store"
)

// heldSearches is a store whose searches go on until release is closed.
type heldSearches struct {
	store.Store
	begun   chan string // gets the owner
	release chan struct{}
}

func (h *heldSearches) List(ctx context.Context, owner string, f photo.Filter, after string, limit int) (photo.Page, error) {
	if f.Search != "" {
		h.begun <- owner
		select {
		case <-h.release:
		case <-ctx.Done():
			return photo.Page{}, ctx.Err()
		}
	}
	return h.Store.List(ctx, owner, f, after, limit)
}

// The searches of one owner leave slots for another owner. Lists need no slot.
func TestSearchesAreShared(t *testing.T) {
	t.Parallel()
	held := &heldSearches{begun: make(chan string), release: make(chan struct{})}
	s := start(t, func(c *config) { held.Store, c.Store = c.Store, held })
	const search = api.PathPhotos + "?search=x"
	var answers sync.WaitGroup
	begin := func(name string) {
		answers.Go(func() {
			if a := s.as(name).call(http.MethodGet, search, nil, nil); a.status != http.StatusOK {
				t.Errorf("the search of %s: %s", name, a.body)
			}
		})
		<-held.begun
	}
	total, share := s.service.Photos.SearchLimit()
	for i := range total {
		begin(fmt.Sprint("owner", i/share))
	}
	refused := func(name string, status int) {
		t.Helper()
		a := s.as(name).call(http.MethodGet, search, nil, nil)
		a.refused(status, photo.KindUnavailable)
		a.has(status, header{"Retry-After": "1"})
	}
	refused("owner0", http.StatusTooManyRequests)
	refused("stranger", http.StatusServiceUnavailable)
	s.as("owner0").call(http.MethodGet, api.PathPhotos, nil, nil).has(http.StatusOK, nil)
	close(held.release)
	answers.Wait()
	go func() { <-held.begun }()
	s.as("stranger").call(http.MethodGet, search, nil, nil).has(http.StatusOK, nil)
}

// The database stops a search when its time is over.
func TestSearchHasLimitedTime(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.SearchTime = time.Millisecond })
	owner, err := s.store.Owner(t.Context(), "pool", "ada")
	must(t, err)
	var words []string
	for i := range 32 {
		words = append(words, fmt.Sprintf("word%d", i))
	}
	var adding sync.WaitGroup
	for worker := range 100 {
		adding.Go(func() {
			for i := worker; i < 4000; i += 100 {
				p := photo.Photo{ID: idOf(fmt.Append(nil, i)), Description: strings.Join(words, " "), DescriptionSource: photo.FromFlag}
				if _, err := s.store.Add(context.Background(), owner, p, fmt.Sprint(i)); err != nil {
					t.Errorf("add: %v", err)
				}
			}
		})
	}
	adding.Wait()
	p := s.as("ada").call(http.MethodGet, api.PathPhotos+"?search="+strings.Join(words[:31], "+")+"+absent", nil, nil).
		refused(http.StatusUnprocessableEntity, photo.KindSearchTimeout)
	if !strings.Contains(p.Hint, "narrow it") {
		t.Errorf("the hint is %q", p.Hint)
	}
}

// readBlobs counts the blobs that are read.
type readBlobs struct {
	blob.Store
	opened, now, most atomic.Int32
	endless           atomic.Bool // reads return neither a byte nor the end
}

func (b *readBlobs) Open(ctx context.Context, owner, key string) (blob.Reader, error) {
	b.opened.Add(1)
	if now := b.now.Add(1); now > b.most.Load() {
		b.most.Store(now)
	}
	r, err := b.Store.Open(ctx, owner, key)
	return countedBlob{r, b}, err
}

type countedBlob struct {
	blob.Reader
	b *readBlobs
}

func (r countedBlob) Read(p []byte) (int, error) {
	if r.b.endless.Load() {
		time.Sleep(time.Millisecond)
		return 0, nil
	}
	return r.Reader.Read(p)
}

func (r countedBlob) Close() error {
	r.b.now.Add(-1)
	return r.Reader.Close()
}

func TestDeepCheckReadsAPhotoOnce(t *testing.T) {
	t.Parallel()
	blobs := &readBlobs{}
	s := start(t, func(c *config) { blobs.Store, c.Blobs = c.Blobs, blobs })
	ada := s.as("ada")
	ids := repeated(ada.album(2), photo.MaxCheck)
	var res api.CheckResponse
	ada.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{IDs: ids, Verify: photo.LookAtBytes}).into(&res)
	if len(res.Results) != len(ids) || blobs.opened.Load() != 2 {
		t.Errorf("%d results, %d reads of two photos", len(res.Results), blobs.opened.Load())
	}
	for i, r := range res.Results {
		if r.ID != ids[i] || r.State != photo.Stored {
			t.Fatalf("result %d: %+v", i, r)
		}
	}
}

// repeated repeats ids until there are n.
func repeated(ids []photo.ID, n int) (out []photo.ID) {
	for i := range n {
		out = append(out, ids[i%len(ids)])
	}
	return out
}

// One owner has one deep check at a time. It ends when its client disconnects.
func TestOneDeepCheckPerOwner(t *testing.T) {
	t.Parallel()
	blobs := &readBlobs{}
	s := start(t, func(c *config) { blobs.Store, c.Blobs = c.Blobs, blobs })
	ada := s.as("ada")
	ids := ada.album(3)
	blobs.endless.Store(true)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		req := ada.request(http.MethodPost, api.PathCheck, header{"Content-Type": "application/json"},
			bytes.NewReader(fmt.Appendf(nil, `{"ids":[%q],"verify":"deep"}`, ids[0])))
		res, err := s.web.Client().Do(req.WithContext(ctx))
		if err == nil {
			_, err = bytes.NewBuffer(nil).ReadFrom(res.Body)
			res.Body.Close()
		}
		gone <- err
	}()
	eventually(t, "the first check reads", func() bool { return blobs.now.Load() == 1 })
	var checks sync.WaitGroup
	for range 4 {
		checks.Go(func() {
			var res api.CheckResponse
			ada.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{IDs: ids, Verify: photo.LookAtBytes}).into(&res)
			if len(res.Results) != 3 || res.Results[2].State != photo.Stored {
				t.Errorf("%+v", res)
			}
		})
	}
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the client that disconnected: %v", err)
	}
	eventually(t, "the first check ended", func() bool { return blobs.now.Load() == 0 || blobs.opened.Load() > 1 })
	blobs.endless.Store(false)
	checks.Wait()
	if blobs.most.Load() != 1 {
		t.Errorf("%d photos were read at a time for one owner", blobs.most.Load())
	}
}

func TestParsersAreLimited(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	s := start(t, func(c *config) {
		c.Limits.Parsers = 1
		inspect := c.Inspect
		c.Inspect = func(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Millisecond)
			return inspect(ctx, r, size)
		}
	})
	var uploads sync.WaitGroup
	for i := range 16 {
		data := jpeg(t, uint64(i+1), 1000)
		uploads.Go(func() { s.as("ada").upload(data, api.UploadMetadata{}).has(http.StatusCreated, nil) })
	}
	uploads.Wait()
	if most.Load() != 1 {
		t.Errorf("the metadata of %d photos was read at a time", most.Load())
	}
}

// An upload beyond the quota is refused, before its bytes come if that is possible. A photo
// that is already stored is not refused.
func TestQuota(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.Quota = store.Quota{Photos: 2, Bytes: 20 << 20, Uploads: 1} })
	ada := s.as("ada")
	ids := ada.album(1)
	ada.call(http.MethodPost, api.PathUploads, creating(20<<20, api.UploadMetadata{}), nil).refused(http.StatusPaymentRequired, photo.KindQuota)
	path := ada.begin(10<<20, api.UploadMetadata{})
	ada.call(http.MethodPost, api.PathUploads, creating(10, api.UploadMetadata{}), nil).refused(http.StatusPaymentRequired, photo.KindQuota)
	var me api.Me
	ada.call(http.MethodGet, api.PathMe, nil, nil).into(&me)
	want := api.Me{
		Owner: me.Owner, Issuer: me.Issuer, ExpiresAt: me.ExpiresAt, Photos: 1, Bytes: me.Bytes,
		Uploads: api.Used{Number: 1, Bytes: 10 << 20}, Quota: api.Quota{Photos: 2, Bytes: 20 << 20, Uploads: 1},
	}
	if me != want || me.Bytes < 1000 {
		t.Errorf("%+v, want %+v", me, want)
	}
	ada.call(http.MethodDelete, path, tusHeader(nil), nil).has(http.StatusNoContent, nil)
	ada.upload(jpeg(t, 7, 2000), api.UploadMetadata{}).has(http.StatusCreated, nil)
	before := s.blobCount()
	ada.upload(jpeg(t, 8, 2000), api.UploadMetadata{}).refused(http.StatusPaymentRequired, photo.KindQuota)
	if s.blobCount() != before || s.stagedCount() != 0 {
		t.Errorf("refused uploads left %d blobs and %d staged uploads", s.blobCount()-before, s.stagedCount())
	}
	ada.call(http.MethodDelete, photoPath(ids[0]), nil, nil).has(http.StatusOK, nil)
	ada.upload(jpeg(t, 8, 2000), api.UploadMetadata{}).refused(http.StatusPaymentRequired, photo.KindQuota)
	ada.upload(jpeg(t, 1, 1000), api.UploadMetadata{}).has(http.StatusCreated, header{api.HeaderOutcome: string(photo.OutcomeRestored)})
	s.as("bob").album(2)
}

// A body is refused by its announced size if no honest client sends that much, because memory is reserved for it.
func TestBodiesAreLimited(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	type request struct{ method, path string }
	for r, most := range map[request]int{
		{http.MethodPost, api.PathCheck}:                  1 << 20,
		{http.MethodPost, api.PathShares}:                 1 << 20,
		{http.MethodPatch, photoPath(photo.ID{})}:         256 << 10,
		{http.MethodPut, photoPath(photo.ID{}) + "/tags"}: 256 << 10,
		{http.MethodPatch, api.PathTags}:                  2 << 20,
		{http.MethodPost, api.PathKeys}:                   64 << 10,
	} {
		ada.call(r.method, r.path, header{"Content-Type": "application/json"}, bytes.Repeat([]byte(" "), most)).
			refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
	}
	var ids []photo.ID
	for i := range photo.MaxCheck {
		ids = append(ids, photo.ID{byte(i), byte(i >> 8)})
	}
	indented, err := json.MarshalIndent(api.CheckRequest{IDs: ids}, "", "        ")
	must(t, err)
	ada.call(http.MethodPost, api.PathCheck, header{"Content-Type": "application/json"}, indented).has(http.StatusOK, nil)
}

// A body has one value, and nothing after it.
func TestBodiesEndAfterTheirValue(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	path := photoPath(ada.album(1)[0])
	for _, after := range []string{"}", "]", "{}", "null", "x", ","} {
		ada.call(http.MethodPatch, path, header{"Content-Type": "application/json"}, []byte(`{"description":"x"}`+after)).
			refused(http.StatusBadRequest, photo.KindUsage)
	}
	ada.call(http.MethodPatch, path, header{"Content-Type": "application/json"}, []byte(`{"description":"x"}`+" \r\n")).has(http.StatusOK, nil)
}

// An owner cannot announce more bytes than the disk has space for. Bytes that are already
// stored do not count.
func TestAnnouncedBytes(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	var free atomic.Int64
	free.Store(100 * mib)
	s := start(t, func(c *config) { c.Free = func() (int64, bool) { return free.Load(), true } })
	ada := s.as("ada")
	begin := func(name string, size int, id photo.ID) answer {
		return s.as(name).call(http.MethodPost, api.PathUploads, creating(size, api.UploadMetadata{ID: id}), nil)
	}
	begin("ada", 101*mib, photo.ID{}).refused(http.StatusInsufficientStorage, photo.KindStorageFull)
	data := jpeg(t, 1, 60*mib)
	path := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	begin("ada", 60*mib, photo.ID{}).refused(http.StatusPaymentRequired, photo.KindQuota)
	begin("bob", 60*mib, photo.ID{}).has(http.StatusCreated, nil)
	again := begin("ada", len(data), idOf(data)).has(http.StatusCreated, nil) // the same photo
	begin("ada", len(data), idOf(data)).refused(http.StatusPaymentRequired, photo.KindQuota)
	ada.call(http.MethodDelete, again.header.Get("Location"), tusHeader(nil), nil).has(http.StatusNoContent, nil)
	ada.append(path, 0, data[:59*mib]).has(http.StatusNoContent, nil)
	free.Store(62 * mib)
	begin("ada", 62*mib, photo.ID{}).refused(http.StatusPaymentRequired, photo.KindQuota)
	begin("ada", 60*mib, photo.ID{}).has(http.StatusCreated, nil)
	ada.append(path, 59*mib, data[59*mib:]).has(http.StatusNoContent, nil)
}
