package client

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// errStalled is the cause of a request that was given up because no byte moved.
var errStalled error = stalled{}

type stalled struct{}

func (stalled) Error() string { return "no progress" }

// Is makes it a deadline that passed: the transport below must not take it for the person's
// Ctrl-C.
func (stalled) Is(target error) bool { return target == context.DeadlineExceeded }

// watch ends a request when no byte of its body or of the answer's body has
// moved for a while. A large photo may take hours; a dead connection may not.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	timer  *time.Timer
	bytes  atomic.Int64
}

func newWatch(ctx context.Context, limit time.Duration) *watch {
	w := &watch{limit: limit}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(limit, func() { w.cancel(errStalled) })
	return w
}

func (w *watch) touch(n int) {
	if n > 0 {
		w.bytes.Add(int64(n))
		w.alive()
	}
}

// alive starts the time anew.
func (w *watch) alive() { w.timer.Reset(w.limit) }

func (w *watch) moved() bool { return w.bytes.Load() > 0 }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

func (w *watch) reader(r io.Reader) io.Reader { return &watchedReader{r, w} }

func (w *watch) body(r io.ReadCloser) io.ReadCloser { return &watchedBody{watchedReader{r, w}, r} }

type watchedReader struct {
	r io.Reader
	w *watch
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.w.touch(n)
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
