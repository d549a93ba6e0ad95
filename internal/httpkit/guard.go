package httpkit

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// A Guard sees a request before the handler does. It answers the request itself, or calls
// next; what it does after next sees the answer.
type Guard func(w *Response, r *http.Request, next func())

// Chain returns a handler that sends each request through the guards, the first one first,
// and then to h. A connection on which the client takes no byte for the time stall ends.
func Chain(h http.Handler, stall time.Duration, guards ...Guard) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass(newResponse(w, stall), r, h, guards)
	})
}

func pass(w *Response, r *http.Request, h http.Handler, guards []Guard) {
	if len(guards) == 0 {
		h.ServeHTTP(w, r)
		return
	}
	guards[0](w, r, func() { pass(w, r, h, guards[1:]) })
}

// Except returns a guard that does not apply to some paths.
func Except(g Guard, paths ...string) Guard {
	return func(w *Response, r *http.Request, next func()) {
		for _, path := range paths {
			if r.URL.Path == path {
				next()
				return
			}
		}
		g(w, r, next)
	}
}

// RequestID gives each answer a random ID in a header, by which the log names the request.
func RequestID(header string) Guard {
	return func(w *Response, _ *http.Request, next func()) {
		w.Header().Set(header, rand.Text()[:16])
		next()
	}
}

// NoSniff tells browsers not to guess the type of an answer.
func NoSniff(w *Response, _ *http.Request, next func()) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	next()
}

// StrictTransport tells browsers to reach this host only with https for the next year.
func StrictTransport(w *Response, _ *http.Request, next func()) {
	w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	next()
}

// AccessLog logs each request with the ID that RequestID put into header. It logs no query,
// no other header, no account, and no token that is part of a path.
func AccessLog(log *slog.Logger, header string) Guard {
	return func(w *Response, r *http.Request, next func()) {
		start := time.Now()
		defer func() {
			log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "request",
				slog.String("request_id", w.Header().Get(header)), slog.String("method", r.Method), slog.String("path", LoggedPath(w, r)),
				slog.Int("status", w.status), slog.Int64("bytes", w.written), slog.Duration("took", time.Since(start)))
		}()
		next()
	}
}

// Recover limits a panic to its request. It logs the cause and calls fail for the answer,
// unless an answer has already begun: then it ends the connection, so that half an answer
// does not look complete.
func Recover(log *slog.Logger, header string, fail http.HandlerFunc) Guard {
	return func(w *Response, r *http.Request, next func()) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause != http.ErrAbortHandler { //nolint:errorlint // net/http compares this value, too
				log.ErrorContext(r.Context(), "panic", "request_id", w.Header().Get(header), "cause", cause, "stack", string(debug.Stack()))
				if w.status == 0 {
					fail(w, r)
					return
				}
			}
			panic(http.ErrAbortHandler)
		}()
		next()
	}
}

// LimitDrain gives net/http at most the time d to read the rest of a body that the handler
// did not read. net/http does so before it sends the answer, to use the connection again.
func LimitDrain(d time.Duration) Guard {
	return func(w *Response, r *http.Request, next func()) {
		defer func() {
			if r.ContentLength != 0 {
				w.setReadDeadline(time.Now().Add(d))
			}
		}()
		next()
	}
}

// InFlight counts the requests in progress. The zero value is ready for use.
type InFlight struct{ requests sync.WaitGroup }

// Guard counts a request.
func (f *InFlight) Guard(_ *Response, _ *http.Request, next func()) {
	f.requests.Add(1)
	defer f.requests.Done()
	next()
}

// Wait waits until no request is in progress, or ctx ends. No request may begin meanwhile,
// so shut the http.Server down first.
func (f *InFlight) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { f.requests.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for requests in progress: %w", ctx.Err())
	}
}
