package httpkit

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Body is the body of a request. Each read has a deadline of its own, so that an upload may
// take hours and a dead connection ends. Another goroutine may stop it.
type Body struct {
	r       io.Reader
	control *http.ResponseController
	stall   time.Duration

	mu       sync.Mutex // held while the connection's deadline is set
	stopped  bool
	released bool // the deadline of the connection is no longer that of the body
}

// NewBody returns the body of r. A read fails after the time stall without a byte.
func NewBody(w http.ResponseWriter, r *http.Request, stall time.Duration) *Body {
	return &Body{r: r.Body, control: http.NewResponseController(w), stall: stall}
}

// ErrStopped is the error of Read after Stop.
var ErrStopped = errors.New("the body was stopped")

// Read implements io.Reader. At the end of the body it calls Release.
func (b *Body) Read(p []byte) (int, error) {
	if err := b.extend(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if err == nil {
		return n, nil
	}
	if err == io.EOF { //nolint:errorlint // the one value io.Reader promises
		b.Release()
		return n, err
	}
	if stopped := b.extend(); stopped != nil {
		err = stopped
	}
	return n, err
}

// extend sets the deadline of the next read, unless the body was stopped.
func (b *Body) extend() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return ErrStopped
	}
	b.setDeadline(time.Now().Add(b.stall))
	return nil
}

// Stop makes a Read in progress, and every later one, fail with ErrStopped. It has no
// effect after Release.
func (b *Body) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.released {
		b.stopped = true
		b.setDeadline(time.Unix(1, 0))
	}
}

// Release removes the deadline. What follows the body may take its time, for example a
// long commit or the next request on the connection.
func (b *Body) Release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.released && !b.stopped {
		b.setDeadline(time.Time{})
	}
	b.released = true
}

// setDeadline ignores a connection that has no deadlines.
func (b *Body) setDeadline(t time.Time) { _ = b.control.SetReadDeadline(t) }
