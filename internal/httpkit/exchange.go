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

// SecretPath begins the paths whose next element opens something to whoever knows it. A log must
// not have that.
const SecretPath = "/s/"

// LoggedPath returns the path of a request for a log. Of a route with a {token}, which opens
// something to whoever knows it, it returns the pattern. A request that no handler has answered
// may have such a path too, for example one with a wrong Host header.
func LoggedPath(w http.ResponseWriter, r *http.Request) string {
	if response, ok := w.(*Response); ok && strings.Contains(response.route, "{token}") {
		return response.route
	}
	if at := strings.Index(strings.ToLower(r.URL.Path), SecretPath); at >= 0 {
		return r.URL.Path[:at] + SecretPath + "{token}"
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
