package httpapi

import (
	"io"
	"net/http"
	"time"
)

// response notes what was answered, and ends a connection that takes no byte
// for a while: the deadline moves on with every piece that went out, so that a
// slow download may take hours and a dead one does not.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	status  int // 0: nothing was answered yet
	written int64
}

// piece is how much may be on its way before the deadline moves: what a slow reader
// takes within the time has to be more. Smaller ones would cost a system call each.
const piece = 128 << 10

func newResponse(w http.ResponseWriter, stall time.Duration) *response {
	return &response{ResponseWriter: w, control: http.NewResponseController(w), stall: stall}
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (n int, err error) {
	w.begin()
	for err == nil {
		var m int
		w.moveDeadline()
		m, err = w.ResponseWriter.Write(p[:min(len(p), piece)])
		n, p = n+m, p[m:]
		if len(p) == 0 {
			break
		}
	}
	w.written += int64(n)
	return n, err
}

// ReadFrom lets net/http hand files to the kernel (sendfile), a piece at a time.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	w.begin()
	limit := int64(1<<63 - 1)
	if l, ok := src.(*io.LimitedReader); ok {
		src, limit = l.R, l.N // net/http looks through one LimitedReader, not through two
	}
	for limit > 0 {
		want := min(limit, piece)
		w.moveDeadline()
		m, err := io.Copy(w.ResponseWriter, &io.LimitedReader{R: src, N: want})
		n, limit, w.written = n+m, limit-m, w.written+m
		if err != nil || m < want {
			return n, err
		}
	}
	return n, nil
}

func (w *response) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// moveDeadline and limitReading ignore a connection that knows no deadlines: a
// recorder's in a test has nothing to wait for.
func (w *response) moveDeadline() { _ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) }

func (w *response) limitReading(d time.Duration) { _ = w.control.SetReadDeadline(time.Now().Add(d)) }
