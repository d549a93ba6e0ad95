package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// A request that appends takes three steps, in this order. It enters the one place that
// an upload has in this process; an older request of the same writer that is still
// receiving leaves the place to it. It opens the staged bytes, which one handle at a
// time has, over all processes. And it claims the row, which gives it a generation of
// its own; that is the only thing that decides who finishes the upload or abandons it.
//
// A claim fails while another writer's lease lives. The lease is renewed while
// bytes come and while the upload is finished.

// errStopped ends a request whose place another one has taken.
var errStopped = &photo.Error{Kind: photo.KindConflict, Msg: "a newer request goes on with this upload", Hint: "HEAD tells where it stands"}

const pollEvery = 50 * time.Millisecond // how often a request asks whether another has let go

// phase is how far a request has come.
type phase int

const (
	opening   phase = iota // it opens the staged bytes and claims the row
	receiving              // a newer request may end it
	finishing              // the bytes are all here: nobody ends it
	stopped                // it was ended
)

// request is one that appends, in this process.
type request struct {
	writer string
	body   Body
	done   chan struct{} // closed when it has let go of the upload

	next *request // takes the place when this one leaves it; guarded by locks.mu

	mu       sync.Mutex // held during each write, so that nothing is written after a stop
	phase    phase
	size     int64 // of the staged bytes, while receiving
	received bool  // since the lease was renewed
}

// stopAt ends a request that is receiving and has come to offset, and reports whether it
// did. One that has come further has bytes that the caller does not know of.
func (r *request) stopAt(offset int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == receiving && r.size != offset {
		return false
	}
	return r.stopLocked()
}

// stop ends a request that is receiving, and reports whether it did.
func (r *request) stop() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopLocked()
}

func (r *request) stopLocked() bool {
	if r.phase != receiving {
		return r.phase == stopped
	}
	r.phase = stopped
	r.body.Stop()
	return true
}

// enterPhase goes on to p, unless the request was ended.
func (r *request) enterPhase(p phase) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == stopped {
		return errStopped
	}
	r.phase = p
	return nil
}

// locks are the requests of this process that append, one per upload.
type locks struct {
	mu       sync.Mutex
	byUpload map[string]*request
}

func (ls *locks) of(upload string) *request {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.byUpload[upload]
}

// enter makes r the request that appends, or returns the one that does. One request
// waits in line, and gets the place from its predecessor: it is never free in between.
func (ls *locks) enter(upload string, r *request) (other *request) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	switch other = ls.byUpload[upload]; {
	case other == nil:
		ls.byUpload[upload] = r
	case other == r:
		return nil
	case other.next == nil:
		other.next = r
	}
	return other
}

// leave takes r out of the line.
func (ls *locks) leave(upload string, r *request) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	switch current := ls.byUpload[upload]; {
	case current == r && r.next != nil:
		ls.byUpload[upload] = r.next
	case current == r:
		delete(ls.byUpload, upload)
	case current != nil && current.next == r:
		current.next = nil
	}
	close(r.done)
}

// endOf ends the request that writer has on an upload, if any, and waits until it
// has let go. One that is finishing is waited for.
func (ls *locks) endOf(ctx context.Context, upload, writer string) error {
	if r := ls.of(upload); r != nil && r.writer == writer {
		return r.end(ctx)
	}
	return nil
}

// endAny is endOf for any writer.
func (ls *locks) endAny(ctx context.Context, upload string) error {
	if r := ls.of(upload); r != nil {
		return r.end(ctx)
	}
	return nil
}

func (r *request) end(ctx context.Context) error {
	for {
		r.stop()
		if over, err := r.wait(ctx, pollEvery); over || err != nil {
			return err
		}
	}
}

// wait waits until r has let go, for at most patience.
func (r *request) wait(ctx context.Context, patience time.Duration) (over bool, err error) {
	select {
	case <-r.done:
		return true, nil
	case <-time.After(patience):
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// quiet waits until no request appends, for at most patience.
func (ls *locks) quiet(ctx context.Context, upload string, patience time.Duration) error {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		r := ls.of(upload)
		if r == nil {
			return nil
		}
		if _, err := r.wait(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

// patience is how long a request waits for another one. A silent writer is noticed by then.
func (s *Uploads) patience() time.Duration { return 3 * s.limits.Lease }

// lock is a request's right to append to an upload, until unlock.
type lock struct {
	s       *Uploads
	request *request
	upload  store.Upload // as claimed
	staged  blob.Staged
	synced  bool // what is staged is durable
	over    bool // the row is finished or gone
	quit    context.CancelFunc
	ended   chan struct{} // closed when the lease is no longer tended
}

// lock makes this request the one that appends.
func (s *Uploads) lock(ctx context.Context, a Append, body Body) (*lock, error) {
	l := &lock{s: s, request: &request{writer: a.Writer, body: body, done: make(chan struct{})}}
	err := s.enter(ctx, a, l.request)
	if err == nil {
		err = l.acquire(ctx, a)
	}
	if err != nil {
		l.letGo(ctx, a.ID)
		return nil, err
	}
	tending, quit := context.WithCancel(context.WithoutCancel(ctx))
	l.quit, l.ended = quit, make(chan struct{})
	go l.tend(tending)
	return l, nil
}

// enter waits for the upload's place in this process.
func (s *Uploads) enter(ctx context.Context, a Append, r *request) error {
	for until := time.Now().Add(s.patience()); ; {
		other := s.locks.enter(a.ID, r)
		switch {
		case other == nil:
			return nil
		case other.writer != a.Writer:
			u, err := s.rows.Upload(ctx, a.Owner, a.ID)
			if err != nil {
				return err
			}
			if u.Leased || !other.stop() {
				return &LeasedError{s.limits.Lease}
			}
		case !other.stopAt(a.Offset) && time.Now().After(until):
			return s.offsetError(ctx, a)
		}
		if _, err := other.wait(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// acquire opens the staged bytes and claims the row.
func (l *lock) acquire(ctx context.Context, a Append) error {
	for until := time.Now().Add(l.s.patience()); ; {
		u, err := l.s.rows.Upload(ctx, a.Owner, a.ID)
		if err != nil {
			return err
		}
		if u.Finished() { // while this request waited
			return errStopped
		}
		l.staged, err = l.s.staging.Resume(ctx, u.Owner, u.ID, u.DigestState)
		switch {
		case err == nil:
			return l.claimHeld(ctx, a, u)
		case errors.Is(err, blob.ErrNotFound):
			return l.s.noBytes(ctx, u)
		case !errors.Is(err, blob.ErrBusy):
			return err
		}
		if err := l.overdue(ctx, a, u, until); err != nil {
			return err
		}
	}
}

// claimHeld claims the row for the request that has the staged bytes. Another process
// may claim it in between, in the belief that nobody has them.
func (l *lock) claimHeld(ctx context.Context, a Append, u store.Upload) error {
	for {
		err := l.claim(ctx, a, u)
		if photo.KindOf(err) != photo.KindConflict {
			return err
		}
		if u, err = l.s.rows.Upload(ctx, a.Owner, a.ID); err != nil {
			return err
		}
		if u.Finished() {
			return errStopped
		}
	}
}

// overdue waits for a request of another process that has the staged bytes. When its
// lease has run out, a claim tells it that its time is over.
func (l *lock) overdue(ctx context.Context, a Append, u store.Upload, until time.Time) error {
	switch {
	case !u.Leased:
		if err := l.claim(ctx, a, u); err != nil && photo.KindOf(err) != photo.KindConflict {
			return err
		}
	case u.Writer != a.Writer, time.Now().After(until):
		return &LeasedError{l.s.limits.Lease}
	}
	select {
	case <-time.After(pollEvery):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// claim takes the row. A lease of the same writer that still lives is that of a process
// that died, or of a request that will find the staged bytes in use.
func (l *lock) claim(ctx context.Context, a Append, u store.Upload) error {
	u.Writer = a.Writer
	if a.Meta != nil {
		u = a.Meta.applyTo(u)
	}
	claimed, err := l.s.rows.ClaimUpload(ctx, u, l.s.limits.Lease, l.s.limits.UploadLifetime)
	switch {
	case errors.Is(err, store.ErrLeased):
		return &LeasedError{l.s.limits.Lease}
	case err != nil:
		return err
	}
	l.upload = claimed
	if l.staged == nil {
		return nil
	}
	l.request.mu.Lock()
	defer l.request.mu.Unlock()
	l.request.phase, l.request.size = receiving, l.staged.Size()
	return nil
}

// noBytes ends an upload whose row has no bytes. That is what a crash leaves behind on a
// file system that cannot give a file two names.
func (s *Uploads) noBytes(ctx context.Context, u store.Upload) error {
	now, err := s.rows.Upload(ctx, u.Owner, u.ID)
	switch {
	case err != nil:
		return err
	case now.Finished(): // between the two looks
		return errStopped
	case now.Leased:
		return &LeasedError{s.limits.Lease}
	}
	if err := s.rows.AbandonUpload(ctx, u.Owner, u.ID, now.Generation); err != nil {
		return err
	}
	return goneUpload(u.ID)
}

// stopped reports whether another request has ended this one.
func (l *lock) stopped() bool {
	l.request.mu.Lock()
	defer l.request.mu.Unlock()
	return l.request.phase == stopped
}

// write appends p, unless the request was ended.
func (l *lock) write(p []byte) (int, error) {
	l.request.mu.Lock()
	defer l.request.mu.Unlock()
	if l.request.phase == stopped {
		return 0, errStopped
	}
	n, err := l.staged.Write(p)
	l.request.size, l.request.received = l.request.size+int64(n), true
	return n, err
}

func (l *lock) sync() error {
	err := l.staged.Sync()
	l.synced = err == nil
	return err
}

func (l *lock) beginFinish() error { return l.request.enterPhase(finishing) }

// unlock ends the request.
func (l *lock) unlock(ctx context.Context) {
	l.quit()
	<-l.ended
	l.letGo(ctx, l.upload.ID)
}

// letGo leaves the upload to anyone, as far as this request had it.
func (l *lock) letGo(ctx context.Context, upload string) {
	ctx = context.WithoutCancel(ctx)
	var state []byte
	if l.staged != nil {
		if l.synced {
			state = l.staged.DigestState()
		}
		_ = l.staged.Close()
	}
	if u := l.upload; u.Generation > 0 && !l.over {
		if err := l.s.rows.ReleaseUpload(ctx, u.Owner, u.ID, u.Generation, state); err != nil {
			l.s.log.WarnContext(ctx, "lease left to run out", "upload", u.ID, "err", err)
		}
	}
	l.s.locks.leave(upload, l.request)
}

// tend renews the lease while the request gets on, and ends the request when its
// generation is no longer the newest.
func (l *lock) tend(ctx context.Context) {
	defer close(l.ended)
	tick := time.NewTicker(max(l.s.limits.Lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if !l.tended(ctx) {
				l.request.stop()
			}
		case <-ctx.Done():
			return
		}
	}
}

// tended reports whether the request still has the upload, as far as can be told.
func (l *lock) tended(ctx context.Context) bool {
	r := l.request
	r.mu.Lock()
	active := r.received || r.phase == finishing
	r.received = false
	r.mu.Unlock()
	if active {
		kind := photo.KindOf(l.s.rows.KeepUpload(ctx, l.upload.Owner, l.upload.ID, l.upload.Generation))
		return kind != photo.KindConflict && kind != photo.KindNotFound
	}
	u, err := l.s.rows.Upload(ctx, l.upload.Owner, l.upload.ID)
	if err != nil {
		return photo.KindOf(err) != photo.KindNotFound
	}
	return u.Generation == l.upload.Generation
}
