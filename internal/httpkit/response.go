package httpkit

import (
	"io"
	"net/http"
	"time"
)

// Response is an http.ResponseWriter that remembers what was answered. It moves the
// connection's deadline with every piece that was sent, so that a slow download may take
// hours and a dead connection ends.
type Response struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	route   string // the pattern of the handler, as far as one is known
	status  int    // 0: no answer has begun
	written int64
	broken  bool // a piece could not be sent: the client has left, or takes nothing
}

// piece is how many bytes are sent before the deadline moves. A slow reader has to take
// more than that within the time. Smaller pieces would cost a system call each.
const piece = 128 << 10

func newResponse(w http.ResponseWriter, stall time.Duration) *Response {
	return &Response{ResponseWriter: w, control: http.NewResponseController(w), stall: stall}
}

// Unwrap is for http.ResponseController.
func (w *Response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *Response) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *Response) Write(p []byte) (n int, err error) {
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
	w.broken = w.broken || err != nil
	return n, err
}

// ReadFrom lets net/http pass files to the kernel (sendfile), one piece at a time.
func (w *Response) ReadFrom(src io.Reader) (n int64, err error) {
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

func (w *Response) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

// moveDeadline and setReadDeadline ignore a connection that has no deadlines: the recorder
// of a test never stalls.
func (w *Response) moveDeadline() { _ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) }

func (w *Response) setReadDeadline(t time.Time) { _ = w.control.SetReadDeadline(t) }
