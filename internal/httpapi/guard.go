package httpapi

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// guarded is what every request passes on its way in: it gets an id, is counted
// and logged, a panic below costs this request only, and a foreign Host or a
// proxy where there should be none is refused.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Done()
		start := time.Now()
		out := newResponse(w, s.Limits.Stall)
		out.Header().Set(api.HeaderRequestID, rand.Text()[:16])
		out.Header().Set("X-Content-Type-Options", "nosniff")
		defer s.finished(out, r, start)
		if err := s.addressed(r); err != nil {
			s.fail(out, r, err)
			return
		}
		next.ServeHTTP(out, r)
	})
}

// drainTime is how long net/http may read on in a body that nobody wants, to use
// the connection again, before it gives the answer.
const drainTime = 5 * time.Second

// finished ends a request: it answers a panic, writes the access log, and gives
// net/http a limited time for reading what is left of the body. The log knows no
// query, no header and no account.
func (s *Server) finished(w *response, r *http.Request, start time.Time) {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http has it
		s.Log.ErrorContext(r.Context(), "panic", "request_id", w.Header().Get(api.HeaderRequestID), "cause", cause, "stack", string(debug.Stack()))
		if w.status == 0 {
			s.fail(w, r, &photo.Error{Kind: photo.KindInternal})
			cause = nil
		} else {
			cause = http.ErrAbortHandler // half an answer must not look like a whole one
		}
	}
	s.Log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "request",
		slog.String("request_id", w.Header().Get(api.HeaderRequestID)), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", w.status), slog.Int64("bytes", w.written), slog.Duration("took", time.Since(start)))
	if r.ContentLength != 0 {
		w.limitReading(min(s.Limits.Stall, drainTime))
	}
	if cause != nil {
		panic(cause)
	}
}

// addressed refuses requests that are not meant for this service: a page of
// another site whose name was made to point here (DNS rebinding) still sends its
// own name as Host. Health checks come by bare address and learn nothing.
func (s *Server) addressed(r *http.Request) error {
	if r.URL.Path == pathHealth || r.URL.Path == pathReady {
		return nil
	}
	if !s.hosts[strings.ToLower(r.Host)] {
		return misdirected("this service is not "+shortened(r.Host),
			"--base-url sets the address the service goes by; a proxy before it must pass the Host header on")
	}
	if s.Local && proxied(r) {
		return misdirected("this service is for one machine, and refuses what comes through a proxy",
			"configure a real user pool for a service behind a proxy")
	}
	return nil
}

func misdirected(msg, hint string) error {
	return withStatus(http.StatusMisdirectedRequest, &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint})
}

// shortened is what a stranger sent, fit for showing.
func shortened(host string) string {
	if len(host) > 100 {
		return host[:100] + "…"
	}
	return host
}

// proxied reports whether a request shows that it came through a proxy: by the headers that
// proxies add, or by HTTP/1.0, which nginx speaks by default and no browser does. A proxy
// that shows neither is not noticed.
func proxied(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host", "X-Original-Url",
			"Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Cdn-Loop", "Fastly-Client-Ip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Envoy-") {
			return true
		}
	}
	return false
}

// hostNames are the values of Host that mean the service at base. A default port
// may be there or not.
func hostNames(base *url.URL, local bool) map[string]bool {
	port, def := base.Port(), "80"
	if base.Scheme == "https" {
		def = "443"
	}
	if port == "" {
		port = def
	}
	names := []string{base.Hostname()}
	if local {
		names = append(names, "localhost", "127.0.0.1", "::1")
	}
	hosts := map[string]bool{}
	for _, name := range names {
		name = strings.ToLower(name)
		hosts[net.JoinHostPort(name, port)] = true
		if port == def {
			hosts[strings.TrimSuffix(net.JoinHostPort(name, ""), ":")] = true
		}
	}
	return hosts
}
