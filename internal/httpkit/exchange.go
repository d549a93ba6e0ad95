package httpkit

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// Exchange is a request and its answer, as far as figures about them are concerned. It
// says nothing about whoever asked.
type Exchange struct {
	Method string
	Route  string // the pattern of the handler that answered; "" when a guard did
	Status int    // 0: the connection ended without an answer
	Read   int64  // bytes of the request's body
	Wrote  int64  // bytes of the answer's body
	Took   time.Duration
}

// Observe tells begun when a request comes, and ended when it has been answered.
func Observe(begun func(), ended func(Exchange)) Guard {
	return func(w *Response, r *http.Request, next func()) {
		start, body := time.Now(), &countedBody{ReadCloser: r.Body}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = body
		}
		begun()
		defer func() {
			ended(Exchange{Method: r.Method, Route: w.route, Status: w.status, Read: body.n, Wrote: w.written, Took: time.Since(start)})
		}()
		next()
	}
}

// countedBody counts the bytes that are read.
type countedBody struct {
	io.ReadCloser
	n int64
}

// Read implements io.Reader.
func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}

// LoggedPath returns the path of a request for a log. Of a route with a {token}, which opens
// something to whoever knows it, it returns the pattern.
func LoggedPath(w http.ResponseWriter, r *http.Request) string {
	if response, ok := w.(*Response); ok && strings.Contains(response.route, "{token}") {
		return response.route
	}
	return r.URL.Path
}

// Route returns h, and has guards know that the handler of a pattern answers.
func Route(pattern string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if response, ok := w.(*Response); ok {
			response.route = pattern
		}
		h.ServeHTTP(w, r)
	})
}
