// Package httpapi is the HTTP side of photosd: the API that api/openapi.yaml describes,
// and uploads with the tus protocol. Its handlers read a request, call internal/service, and
// answer.
//
//	about.go     health checks, metadata of the API
//	accounts.go  who calls; /v1/me and access keys   shares.go   links for everybody
//	photos.go    lists, descriptions, the trash      query.go    their queries
//	edit.go      edits, tags, counts                 changes.go  what became of photos
//	batches.go   requests that change many photos
//	content.go   the bytes of a photo                thumbnail.go  its small pictures
//	check.go     checks of many photos               similar.go  photos that look the same
//	uploads.go   uploads                             tus.go, checksum.go  their headers
//	routes.go    which handler answers which path    session.go  those that web pages use
//	problem.go   errors as problem documents         body.go     JSON bodies
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// Config is what New makes a Server from. Only Extra, NoPage, Observe, Stall and Log may be left out.
type Config struct {
	// BaseURL is the address of the service as clients know it, without a slash at the
	// end. It has a path when a proxy serves other sites under the same name.
	BaseURL string
	// Local says that the service is for this machine only. It then answers to every
	// loopback name at its port, and refuses what came through a proxy.
	Local bool

	Service *service.Service

	// Resource tells clients how to sign in (RFC 9728).
	Resource api.ProtectedResource
	// OpenAPI returns the description of the API as JSON.
	OpenAPI func() ([]byte, error)
	// Session returns the user of a request of the web pages. It is asked for requests below
	// /session and for the pictures of /myphotos, and for no other ones. nil: there are no
	// web pages.
	Session func(*http.Request) (service.Caller, error)
	// Extra are more handlers by pattern, such as those of a user pool and the web pages.
	Extra map[string]http.Handler
	// NoPage answers browsers that look for a page where there is nothing; nil: they get a
	// problem document, like other clients.
	NoPage http.Handler

	// Observe is a guard that every request passes first; nil: there is none.
	Observe httpkit.Guard

	Stall time.Duration // how long a connection may transfer no byte; default 60 s
	Log   *slog.Logger  // nil: nothing is logged
}

// Server is an http.Handler. Make it with New. Call Close after the last request.
type Server struct {
	handler  http.Handler
	inFlight httpkit.InFlight
	draining atomic.Bool
}

// New checks c and makes a Server.
func New(c Config) (*Server, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base address: %w", err)
	}
	if base.Host == "" || strings.HasSuffix(c.BaseURL, "/") {
		return nil, fmt.Errorf("base address %q: it should be like https://photos.example.org", c.BaseURL)
	}
	if c.Service == nil || c.OpenAPI == nil {
		return nil, errors.New("httpapi: a part is missing")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	s := &Server{}
	r := newRouter(c, base, s.ready(c.Service), s.draining.Load)
	s.handler = httpkit.Chain(r.mux(c.Extra, c.NoPage), c.Stall, s.guards(c, base, r.problems)...)
	return s, nil
}

// maxDrain is how long the server reads the rest of a body that no handler wants.
const maxDrain = 5 * time.Second

// guards returns what every request passes before it reaches a handler. Health checks come
// by a bare address and learn nothing, so they may use any name.
func (s *Server) guards(c Config, base *url.URL, p problems) []httpkit.Guard {
	fail := func(err error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { p.write(w, r, err) }
	}
	guards := []httpkit.Guard{s.inFlight.Guard}
	if c.Observe != nil {
		guards = append(guards, c.Observe)
	}
	guards = append(guards,
		httpkit.LimitDrain(min(c.Stall, maxDrain)),
		httpkit.RequestID(api.HeaderRequestID),
		httpkit.NoSniff,
		httpkit.AccessLog(c.Log, api.HeaderRequestID),
		httpkit.Recover(c.Log, api.HeaderRequestID, fail(&photo.Error{Kind: photo.KindInternal})),
		httpkit.Except(httpkit.Hosts(httpkit.HostNames(base, c.Local), func(w http.ResponseWriter, r *http.Request) {
			p.write(w, r, unknownHost(r.Host))
		}), pathHealth, pathReady),
	)
	if base.Scheme == "https" && base.Path == "" { // with a path, the host also serves other sites
		guards = append(guards, httpkit.StrictTransport)
	}
	if c.Local {
		guards = append(guards, httpkit.Except(httpkit.Unproxied(fail(errProxied())), pathHealth, pathReady))
	}
	return guards
}

func unknownHost(host string) error {
	return withStatus(http.StatusMisdirectedRequest, &photo.Error{
		Kind: photo.KindUsage, Msg: fmt.Sprintf("this service is not %.100s", host),
		Hint: "--base-url sets the address of the service; a proxy in front of it must pass the Host header on",
	})
}

func errProxied() error {
	return withStatus(http.StatusMisdirectedRequest, &photo.Error{
		Kind: photo.KindUsage, Msg: "this service is for one machine and refuses requests through a proxy",
		Hint: "configure a real user pool for a service behind a proxy",
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain makes the server answer that it is not ready, so that a load balancer sends it no more
// requests. It still answers those that come.
func (s *Server) Drain() { s.draining.Store(true) }

// ready returns what answers whether requests can be served.
func (s *Server) ready(svc *service.Service) func(context.Context) error {
	return func(ctx context.Context) error {
		if s.draining.Load() {
			return &photo.Error{Kind: photo.KindUnavailable, Msg: "this photosd is about to stop"}
		}
		return svc.Ready(ctx)
	}
}

// Close waits until no handler uses the service any more, or ctx ends. No new request may
// come meanwhile, so shut the http.Server down first.
func (s *Server) Close(ctx context.Context) error { return s.inFlight.Wait(ctx) }
