// Package httpapi is the HTTP side of photosd: the API that api/openapi.yaml
// describes, uploads in the tus protocol, and the page at /. What an upload does is in
// internal/service. It keeps no state of its own beyond the requests under
// way; metadata and bytes lie in the stores it is given, so that it may be
// killed anywhere, started again, and run several times over the same stores.
//
// It knows neither databases nor disks nor sign-in providers: the program that
// makes it (cmd/photosd) hands those in.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/httpkit"
	"photos/internal/picture"
	"photos/internal/service"
	"photos/internal/store"
)

// Config is what a Server is made from. Only Log and the fields of Limits may be
// left out.
type Config struct {
	// BaseURL is the service's address as clients dial it, with a path when a
	// proxy serves others beside it, without a trailing slash.
	BaseURL string
	// Local says that the service is for this machine alone: it then goes by
	// any loopback name at its port, and refuses what came through a proxy.
	Local bool

	Store   store.Store
	Blobs   blob.Store
	Staging blob.Staging
	// Free returns how many bytes Blobs has room for, as far as that is known; nil
	// when it never is.
	Free func() (bytes int64, known bool)

	// Verify tells whose access token it is. Errors of photo.KindUnavailable
	// mean that this cannot be said now; any other that the token is no good.
	Verify func(ctx context.Context, token string) (Identity, error)
	// Inspect reads what the size bytes of a picture say about it.
	Inspect inspector

	// Resource is published for clients to learn how to sign in (RFC 9728).
	Resource api.ProtectedResource
	// OpenAPI is the description of the API as JSON.
	OpenAPI func() ([]byte, error)
	// Extra are further handlers by pattern, such as a user pool's.
	Extra map[string]http.Handler

	Limits Limits
	Log    *slog.Logger // nil: nothing is logged
}

// An inspector reads what the size bytes of a picture say about it.
type inspector func(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error)

// Limits are the service's settings that are numbers. Zero means the default.
type Limits struct {
	MaxUpload      int64         // bytes of one photo; 64 GiB
	UploadLifetime time.Duration // how long an unfinished upload is kept after its last request; 7 days
	Spare          time.Duration // the same for one whose photo has come by another upload; 1 min
	TrashFor       time.Duration // how long a deleted photo can be restored; 30 days
	Lease          time.Duration // how long a silent writer keeps an upload from others; 10 s
	Quota          store.Quota   // what each owner may have; 1,000 uploads under way
	SearchTime     time.Duration // how long a search may take; 10 s
	Parsers        int           // photos whose metadata is read at a time; one per processor
	Stall          time.Duration // how long a connection may move no byte; 60 s
}

// Identity is whom an access token stands for.
type Identity struct {
	Pool    string    // the user pool, in one form whatever the issuer's spelling
	Subject string    // the account within it
	Expires time.Time // of the token
}

// Server is an http.Handler. Make it with New, and call Close after the last
// request was taken.
type Server struct {
	Config
	prefix   string // path of BaseURL: "" or /photos
	hosts    map[string]bool
	page     httpkit.Page
	uploads  *service.Uploads
	sweeper  *service.Sweeper
	accounts accounts
	buffers  sync.Pool
	searches *seats
	deep     *seats // deep checks
	batches  *seats // requests with many descriptions
	inFlight sync.WaitGroup
	handler  http.Handler
}

// New checks c and makes a Server.
func New(c Config) (*Server, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base address: %w", err)
	}
	if base.Host == "" || strings.HasSuffix(c.BaseURL, "/") {
		return nil, fmt.Errorf("base address %q: it looks like https://photos.example.org", c.BaseURL)
	}
	if c.Store == nil || c.Blobs == nil || c.Staging == nil || c.Verify == nil || c.Inspect == nil || c.OpenAPI == nil {
		return nil, errors.New("server: a part is missing")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	s := &Server{Config: c, prefix: base.Path, hosts: hostNames(base, c.Local)}
	if s.page, err = makePage(c.BaseURL); err != nil {
		return nil, err
	}
	s.Store.Limit(c.Limits.Quota)
	s.setSeats(runtime.GOMAXPROCS(0))
	s.Inspect = inTurn(c.Inspect, c.Limits.Parsers)
	s.uploads = service.New(service.Config{
		Photos: c.Store, Rows: c.Store, Blobs: c.Blobs, Staging: c.Staging, Free: c.Free, Inspect: s.Inspect, Log: c.Log,
		Lifetime: c.Limits.UploadLifetime, Spare: c.Limits.Spare, Finished: finishedFor, Lease: c.Limits.Lease,
	})
	s.sweeper = &service.Sweeper{Rows: c.Store, Blobs: c.Blobs, Staging: c.Staging, Log: c.Log}
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	s.handler = s.guarded(s.mux())
	return s, nil
}

const (
	bufferSize  = 256 << 10 // how much of a photo is read at once
	finishedFor = time.Hour // how long a finished upload answers
)

// Sweep removes what nobody can ask for any more, once.
func (s *Server) Sweep(ctx context.Context) error { return s.sweeper.Sweep(ctx) }

// SweepOn sweeps about every hour, until ctx ends.
func (s *Server) SweepOn(ctx context.Context) { s.sweeper.SweepOn(ctx) }

// setSeats says how much of what is costly is served at a time. A search keeps a processor and one of
// the database's readers busy; reading photos for a deep check keeps a processor and the disk busy;
// a body with many descriptions takes some 20 MiB.
func (s *Server) setSeats(processors int) {
	const most = 4
	searches := max(2, min(processors, most))
	s.searches = newSeats("searches", searches, searches/2)
	s.deep = newSeats("deep checks", max(2, min(processors/2, most)), 1)
	s.batches = newSeats("requests with many descriptions", most, 2)
}

// inTurn lets inspect read at most n photos at a time: a hostile one takes much memory and a second
// of a processor.
func inTurn(inspect inspector, n int) inspector {
	turns := make(chan struct{}, n)
	return func(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			return inspect(ctx, r, size)
		case <-ctx.Done():
			return picture.Info{}, ctx.Err()
		}
	}
}

func (l Limits) withDefaults() Limits {
	const day = 24 * time.Hour
	orElse := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	orElse(&l.UploadLifetime, 7*day)
	orElse(&l.Spare, time.Minute)
	orElse(&l.TrashFor, 30*day)
	orElse(&l.Lease, 10*time.Second)
	orElse(&l.SearchTime, 10*time.Second)
	orElse(&l.Stall, time.Minute)
	if l.MaxUpload <= 0 {
		l.MaxUpload = 64 << 30
	}
	if l.Quota.Uploads == 0 {
		l.Quota.Uploads = 1000
	}
	if l.Parsers <= 0 {
		l.Parsers = runtime.GOMAXPROCS(0)
	}
	return l
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close waits until no handler uses the stores any more, or ctx ends. No new
// request may come meanwhile, so close the http.Server first.
func (s *Server) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.inFlight.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for requests under way: %w", ctx.Err())
	}
}
