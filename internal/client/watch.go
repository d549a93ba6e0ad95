package client

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"time"
)

// errStalled is the cause of a request that ended because no byte moved.
var errStalled error = stalled{}

type stalled struct{}

func (stalled) Error() string { return "no progress" }

// Is makes the error a deadline that passed, so that the transport does not take it for the
// user's Ctrl-C.
func (stalled) Is(target error) bool { return target == context.DeadlineExceeded }

// watch ends a request when no byte of its body or of the answer's body has moved for a
// while. So a large photo may take hours, and a dead connection may not.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	work   time.Duration // how long after the last byte signs of life still count
	timer  *time.Timer
	bytes  atomic.Int64
	last   atomic.Int64 // when a byte moved, as UnixNano
}

func newWatch(ctx context.Context, limit, work time.Duration) *watch {
	w := &watch{limit: limit, work: work}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.last.Store(time.Now().UnixNano())
	w.timer = time.AfterFunc(limit, func() { w.cancel(errStalled) })
	return w
}

func (w *watch) progressed(n int) {
	if n > 0 {
		w.bytes.Add(int64(n))
		w.last.Store(time.Now().UnixNano())
		w.timer.Reset(w.limit)
	}
}

// heartbeat is called when the service says that it is still busy. That extends the time only
// for a while, because a faulty service could say so without end.
func (w *watch) heartbeat() {
	if time.Since(time.Unix(0, w.last.Load())) < w.work {
		w.timer.Reset(w.limit)
	}
}

func (w *watch) moved() bool { return w.bytes.Load() > 0 }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

func (w *watch) reader(r io.Reader) io.Reader { return &watchedReader{r: r, w: w} }

// body returns a body that is watched. In JSON, blanks are only signs of life.
func (w *watch) body(r io.ReadCloser, json bool) io.ReadCloser {
	return &watchedBody{watchedReader{r, w, json}, r}
}

type watchedReader struct {
	r    io.Reader
	w    *watch
	json bool
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.json && len(bytes.TrimSpace(p[:n])) == 0 {
		r.w.heartbeat()
	} else {
		r.w.progressed(n)
	}
	return n, err
}

type watchedBody struct {
	watchedReader
	c io.Closer
}

func (b *watchedBody) Close() error {
	err := b.c.Close()
	b.w.stop()
	return err
}
