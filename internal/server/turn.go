package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// Who may append to an upload is decided by its row: the newest generation, which
// is claimed for a writer and kept while bytes come. A claim fails while another
// writer's lease lives; the same writer's always succeeds, since its older
// request is a broken one. Within this process that older request is ended first,
// so that no late byte of it follows.

// runs are the requests of this process that append, one an upload.
type runs struct {
	mu       sync.Mutex
	byUpload map[string]*run
}

// run is one such request.
type run struct {
	writer     string
	generation int64
	body       *incoming
	done       chan struct{} // closed when it has let go of the upload
}

// endOf ends the request that writer has on an upload, if any, and waits until
// it has let go.
func (rs *runs) endOf(ctx context.Context, upload, writer string) error {
	r := rs.of(upload)
	if r == nil || r.writer != writer {
		return nil
	}
	return r.end(ctx)
}

// endAny is endOf, whoever the writer is.
func (rs *runs) endAny(ctx context.Context, upload string) error {
	r := rs.of(upload)
	if r == nil {
		return nil
	}
	return r.end(ctx)
}

func (rs *runs) of(upload string) *run {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.byUpload[upload]
}

func (r *run) end(ctx context.Context) error {
	r.body.stop()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter puts r in the place of an upload's older request, if any, and waits
// until that has let go. It fails when a newer one was faster.
func (rs *runs) enter(ctx context.Context, upload string, r *run) error {
	rs.mu.Lock()
	old := rs.byUpload[upload]
	if old != nil && old.generation > r.generation {
		rs.mu.Unlock()
		return errStopped
	}
	rs.byUpload[upload] = r
	rs.mu.Unlock()
	if old == nil {
		return nil
	}
	return old.end(ctx)
}

func (rs *runs) leave(upload string, r *run) {
	rs.mu.Lock()
	if rs.byUpload[upload] == r {
		delete(rs.byUpload, upload)
	}
	rs.mu.Unlock()
	close(r.done)
}

// turn is a request's right to append to an upload, until end.
type turn struct {
	s      *Server
	run    *run
	upload store.Upload // as claimed
	kept   time.Time    // when the lease was last renewed
}

// claim makes this request the one that appends to u.
func (s *Server) claim(ctx context.Context, u store.Upload, writer string, body *incoming) (*turn, error) {
	if err := s.runs.endOf(ctx, u.ID, writer); err != nil {
		return nil, err
	}
	u, err := s.Store.ClaimUpload(ctx, u.Owner, u.ID, writer, s.Limits.Lease, s.Limits.UploadLifetime)
	if photo.KindOf(err) == photo.KindUnavailable {
		return nil, withStatus(http.StatusLocked, &retryError{s.Limits.Lease, err})
	}
	if err != nil {
		return nil, err
	}
	t := &turn{s: s, upload: u, kept: time.Now(), run: &run{writer: writer, generation: u.Generation, body: body, done: make(chan struct{})}}
	if err := s.runs.enter(ctx, u.ID, t.run); err != nil {
		t.end(ctx)
		return nil, err
	}
	return t, nil
}

// end lets go of the upload, for anyone to claim at once.
func (t *turn) end(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if err := t.s.Store.ReleaseUpload(ctx, t.upload.Owner, t.upload.ID, t.upload.Generation); err != nil {
		t.s.Log.WarnContext(ctx, "lease left to run out", "upload", t.upload.ID, "err", err)
	}
	t.s.runs.leave(t.upload.ID, t.run)
}

// keep renews the lease when it is a while since the last time.
func (t *turn) keep() error {
	if time.Since(t.kept) < t.s.Limits.Lease/3 {
		return nil
	}
	t.kept = time.Now()
	return t.renew(context.Background())
}

func (t *turn) renew(ctx context.Context) error {
	return t.s.Store.KeepUpload(ctx, t.upload.Owner, t.upload.ID, t.upload.Generation)
}

// keepOn renews the lease until stop is called.
func (t *turn) keepOn(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(t.s.Limits.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				// One that fails is noticed when the upload is finished under its generation.
				_ = t.renew(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
