package httpapi

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"photos/internal/photo"
)

// incoming is a request's body, read for as long as bytes come: every read has
// a deadline of its own, so that an upload may take hours and a dead connection
// does not. Another goroutine may stop it.
type incoming struct {
	r       io.Reader
	control *http.ResponseController
	stall   time.Duration

	mu      sync.Mutex // held while the connection's deadline is set
	stopped bool
	over    bool // the body was read whole, or the handler is done: the deadline is not ours any more
}

func (s *Server) incoming(w http.ResponseWriter, r *http.Request) *incoming {
	return newIncoming(r.Body, http.NewResponseController(w), s.Limits.Stall)
}

func newIncoming(r io.Reader, control *http.ResponseController, stall time.Duration) *incoming {
	return &incoming{r: r, control: control, stall: stall}
}

// errStopped ends a request whose place another one has taken.
var errStopped = &photo.Error{Kind: photo.KindConflict, Msg: "a newer request goes on with this upload", Hint: "HEAD tells where it stands"}

func (in *incoming) Read(p []byte) (int, error) {
	if err := in.arm(); err != nil {
		return 0, err
	}
	n, err := in.r.Read(p)
	if err == nil {
		return n, nil
	}
	if err == io.EOF { //nolint:errorlint // the one value io.Reader promises
		in.leave()
		return n, err
	}
	if stopped := in.arm(); stopped != nil {
		err = stopped
	}
	return n, err
}

// arm sets the deadline of the next read, unless the body was stopped.
func (in *incoming) arm() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.stopped {
		return errStopped
	}
	in.deadline(time.Now().Add(in.stall))
	return nil
}

// stop makes a Read under way, and every later one, fail.
func (in *incoming) stop() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.over {
		in.stopped = true
		in.deadline(time.Unix(1, 0))
	}
}

// leave takes the deadline off: what follows the body, be it a long commit or
// the next request of the connection, is not ours to end.
func (in *incoming) leave() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.over && !in.stopped {
		in.deadline(time.Time{})
	}
	in.over = true
}

// deadline ignores a connection that knows none: there is nothing to wait for.
func (in *incoming) deadline(t time.Time) { _ = in.control.SetReadDeadline(t) }

// cut is the error of a body that ended too early.
func cut(err error) error {
	if errors.Is(err, errStopped) {
		return err
	}
	return withStatus(http.StatusRequestTimeout, &photo.Error{Kind: photo.KindUnavailable, Msg: "the connection broke while the request was read", Hint: "try again", Err: err})
}
