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

// A request that appends takes three steps, in this order.
//
// First it becomes the owner of the upload in this process. It stops an older request of
// the same writer that is still receiving, and waits for any other. Then it opens the
// staged bytes, of which only one handle exists at a time, in all processes. And then it
// claims the row, which gives it a new generation. The generation alone decides which
// request may finish or abandon the upload.
//
// A claim fails while the lease of another writer is valid. The owner renews the lease
// while bytes come and while it finishes the upload.

// errStopped is the error of a request that a newer one has stopped.
var errStopped = &photo.Error{Kind: photo.KindConflict, Msg: "a newer request continues this upload", Hint: "HEAD says how far it is"}

const pollEvery = 50 * time.Millisecond // how often a request asks whether another one has ended

// phase is how far a request has come.
type phase int

const (
	opening   phase = iota // it opens the staged bytes and claims the row
	receiving              // a newer request may stop it
	finishing              // all bytes are stored: nothing stops it
	stopped                // a newer request has stopped it
)

// request is a request of this process that appends.
type request struct {
	writer string
	body   Body
	done   chan struct{} // closed when it has released the upload

	next *request // becomes the owner after this one; guarded by locks.mu

	mu       sync.Mutex // held during each write, so that nothing is written after stop
	phase    phase
	size     int64 // of the staged bytes, while receiving
	received bool  // bytes came since the lease was renewed
}

// stopAt stops a request that is receiving and is at offset, and reports whether it is
// stopped. A request that is further has bytes that the caller does not know of.
func (r *request) stopAt(offset int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == receiving && r.size != offset {
		return false
	}
	return r.stopLocked()
}

// stop stops a request that is receiving, and reports whether it is stopped.
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

// enterPhase continues with p, unless the request was stopped.
func (r *request) enterPhase(p phase) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == stopped {
		return errStopped
	}
	r.phase = p
	return nil
}

// locks are the owners of uploads in this process: the requests that append.
type locks struct {
	mu       sync.Mutex
	byUpload map[string]*request
}

func (ls *locks) owner(upload string) *request {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.byUpload[upload]
}

// acquire makes r the owner of an upload, or returns the present owner. One request waits
// in line and follows the owner directly, so that no other can come between.
func (ls *locks) acquire(upload string, r *request) (other *request) {
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

// release makes the next request the owner instead of r, or takes r out of the line.
func (ls *locks) release(upload string, r *request) {
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

// stopWriter stops the owner of an upload if it is a request of writer, and waits until it
// has released the upload. It also waits for one that is finishing.
func (ls *locks) stopWriter(ctx context.Context, upload, writer string) error {
	if r := ls.owner(upload); r != nil && r.writer == writer {
		return r.stopAndWait(ctx)
	}
	return nil
}

// stopAny is stopWriter for any writer.
func (ls *locks) stopAny(ctx context.Context, upload string) error {
	if r := ls.owner(upload); r != nil {
		return r.stopAndWait(ctx)
	}
	return nil
}

func (r *request) stopAndWait(ctx context.Context) error {
	for {
		r.stop()
		if over, err := r.wait(ctx, pollEvery); over || err != nil {
			return err
		}
	}
}

// wait waits until r has released the upload, for at most patience. It reports whether
// it has.
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

// waitIdle waits until an upload has no owner, for at most patience.
func (ls *locks) waitIdle(ctx context.Context, upload string, patience time.Duration) error {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		r := ls.owner(upload)
		if r == nil {
			return nil
		}
		if _, err := r.wait(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

// patience returns how long a request waits for another one. By then the lease of an idle
// writer has expired.
func (s *Uploads) patience() time.Duration { return 3 * s.limits.Lease }

// lock is the right of a request to append to an upload, until unlock.
type lock struct {
	s       *Uploads
	request *request
	upload  store.Upload // as claimed
	staged  blob.Staged
	synced  bool // the staged bytes are durable
	over    bool // the row is finished or gone
	quit    context.CancelFunc
	ended   chan struct{} // closed when renewLease has returned
}

// lock makes this request the owner of the upload.
func (s *Uploads) lock(ctx context.Context, a Append, body Body) (*lock, error) {
	l := &lock{s: s, request: &request{writer: a.Writer, body: body, done: make(chan struct{})}}
	err := s.acquireLocal(ctx, a, l.request)
	if err == nil {
		err = l.acquire(ctx, a)
	}
	if err != nil {
		l.release(ctx, a.ID)
		return nil, err
	}
	renewing, quit := context.WithCancel(context.WithoutCancel(ctx))
	l.quit, l.ended = quit, make(chan struct{})
	go l.renewLease(renewing)
	return l, nil
}

// acquireLocal makes r the owner of the upload in this process. It stops or waits for the
// present owner.
func (s *Uploads) acquireLocal(ctx context.Context, a Append, r *request) error {
	for until := time.Now().Add(s.patience()); ; {
		other := s.locks.acquire(a.ID, r)
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
			return l.s.abandonEmpty(ctx, u)
		case !errors.Is(err, blob.ErrBusy):
			return err
		}
		if err := l.waitForProcess(ctx, a, u, until); err != nil {
			return err
		}
	}
}

// claimHeld claims the row for the request that has the staged bytes. Another process may
// claim the row in between, because it does not know that.
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

// waitForProcess waits a moment for a request of another process that has the staged bytes.
// When the lease of that request has expired, it claims the row, which stops the request.
func (l *lock) waitForProcess(ctx context.Context, a Append, u store.Upload, until time.Time) error {
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

// claim claims the row. If the lease of the same writer is still valid, the process that had
// it has died, or its request will find that the staged bytes are in use.
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

// abandonEmpty ends an upload that has a row and no staged bytes. A crash leaves such a row
// on a file system that cannot give a file two names.
func (s *Uploads) abandonEmpty(ctx context.Context, u store.Upload) error {
	now, err := s.rows.Upload(ctx, u.Owner, u.ID)
	switch {
	case err != nil:
		return err
	case now.Finished(): // between the two reads
		return errStopped
	case now.Leased:
		return &LeasedError{s.limits.Lease}
	}
	if err := s.rows.AbandonUpload(ctx, u.Owner, u.ID, now.Generation); err != nil {
		return err
	}
	return goneUpload(u.ID)
}

// stopped reports whether another request has stopped this one.
func (l *lock) stopped() bool {
	l.request.mu.Lock()
	defer l.request.mu.Unlock()
	return l.request.phase == stopped
}

// write appends p, unless the request was stopped.
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

// unlock ends the right to append.
func (l *lock) unlock(ctx context.Context) {
	l.quit()
	<-l.ended
	l.release(ctx, l.upload.ID)
}

// release gives up what this request has of the upload: the staged bytes, the lease and
// the ownership in this process.
func (l *lock) release(ctx context.Context, upload string) {
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
			l.s.log.WarnContext(ctx, "a lease could not be released; it will expire", "upload", u.ID, "err", err)
		}
	}
	l.s.locks.release(upload, l.request)
}

// renewLease renews the lease while the request makes progress. It stops the request when
// its generation is no longer the newest.
func (l *lock) renewLease(ctx context.Context) {
	defer close(l.ended)
	tick := time.NewTicker(max(l.s.limits.Lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if !l.stillClaimed(ctx) {
				l.request.stop()
			}
		case <-ctx.Done():
			return
		}
	}
}

// stillClaimed renews the lease of an active request. It reports whether the generation is
// still the newest, or that cannot be told now.
func (l *lock) stillClaimed(ctx context.Context) bool {
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
