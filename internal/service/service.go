// Package service is what photosd does with photos. It does not know how it is asked:
// the HTTP API calls it, and other front ends can call the same methods. It does not know
// which database or disk it works on either: the program that makes it (cmd/photosd)
// passes those in.
//
// A Service consists of parts, each with the few things it needs:
//
//	Accounts    who the caller is, what the caller may do, access keys, usage
//	Photos      list, read, describe, delete and restore photos; check their bytes
//	Shares      links with which anyone can look at some photos
//	Uploads     receive photos, also in pieces and over several connections
//	Sweeper     removes what has expired
//	Background  makes small pictures, and reads metadata again
//
// It has no state of its own beyond the calls in progress. The process may be killed at
// any time and started again, and several processes may work on the same stores.
package service

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"runtime"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/store"
)

// Config is what New makes a Service from. Only Free, Renditions, Log and the fields of Limits may be
// left out.
type Config struct {
	Store   store.Store
	Blobs   blob.Store
	Staging blob.Staging
	// Free returns how many bytes Blobs has space for, and whether that is known. It is
	// nil when that is never known.
	Free func() (bytes int64, known bool)

	// Link returns an address at which a client can read a blob for a while, with the
	// media type and the disposition that are given. It is nil when all bytes go through
	// the service.
	Link func(ctx context.Context, owner, key, mediaType, disposition string) (address string, err error)

	// Verify returns whose access token it is. An error of photo.KindUnavailable means
	// that the token cannot be checked now. Any other error means that it is not valid.
	Verify func(ctx context.Context, token string) (Identity, error)
	// Inspect reads the metadata of a picture of size bytes.
	Inspect Inspector
	// Renditions makes small pictures; nil: there are none.
	Renditions Maker

	// Swept is told what a part of a sweep removed, and why it ended early; nil: nobody is.
	Swept func(part string, removed int, took time.Duration, err error)

	Limits Limits
	Log    *slog.Logger // nil: nothing is logged
}

// An Inspector reads the metadata of a picture of size bytes.
type Inspector func(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error)

// Limits are the numbers among the service's settings. Zero means the default.
type Limits struct {
	MaxUpload      int64         // bytes of one photo; 64 GiB
	UploadLifetime time.Duration // how long an unfinished upload is kept after its last request; 7 days
	Spare          time.Duration // the same for an upload whose photo another upload has brought; 1 min
	TrashFor       time.Duration // how long a deleted photo can be restored; 30 days
	Lease          time.Duration // how long an idle writer keeps an upload from other writers; 10 s
	Quota          store.Quota   // what each owner may have; 1,000 unfinished uploads
	SearchTime     time.Duration // how long a search may take; 10 s
	ShareRequests  int           // how often a share may be opened at once, pictures included; 2,000, and a hundredth of them comes back per second
	Requests       int           // requests of one owner in progress, and as many of those who look at the owner's shares; 256
	Parsers        int           // photos whose metadata is read at the same time; one per processor
	Decoders       int           // photos of which small pictures are made at the same time; one for two processors, 2 to 8
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
	if l.MaxUpload <= 0 {
		l.MaxUpload = 64 << 30
	}
	if l.Quota.Uploads == 0 {
		l.Quota.Uploads = 1000
	}
	if l.ShareRequests <= 0 {
		l.ShareRequests = 2000
	}
	if l.Requests <= 0 {
		l.Requests = 256
	}
	if l.Parsers <= 0 {
		l.Parsers = runtime.GOMAXPROCS(0)
	}
	if l.Decoders <= 0 {
		processors := runtime.GOMAXPROCS(0)
		l.Decoders = min(max(processors/2, 2), processors, 8)
	}
	return l
}

// Service has all parts of the service.
type Service struct {
	Accounts   *Accounts
	Photos     *Photos
	Shares     *Shares
	Uploads    *Uploads
	Sweeper    *Sweeper
	Background *Background

	// Requests counts the requests in progress of each owner. A slow client, or one that waits,
	// keeps a connection. Without a limit, one owner could have all connections.
	Requests *Limiter

	ping        func(context.Context) error
	inspections *inspections
}

// New checks c and makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Blobs == nil || c.Staging == nil || c.Verify == nil || c.Inspect == nil {
		return nil, errors.New("service: a part is missing")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	inspected := newInspections(c.Inspect, c.Limits.Parsers)
	c.Inspect = inspected.inspect
	c.Store.Limit(c.Limits.Quota)
	checked := integrity{rows: c.Store, blobs: c.Blobs, log: c.Log}
	small, uploading := newRenditions(c, checked), newActivity()
	photos := newPhotos(c, checked, small)
	requests := NewLimiter("requests", math.MaxInt, c.Limits.Requests)
	return &Service{
		Accounts:   newAccounts(c),
		Photos:     photos,
		Shares:     &Shares{rows: c.Store, photos: photos, limit: newShareLimit(c.Limits.ShareRequests), requests: requests},
		Uploads:    newUploads(c, checked, uploading),
		Sweeper:    &Sweeper{Rows: c.Store, Blobs: c.Blobs, Staging: c.Staging, Log: c.Log, Swept: c.Swept},
		Background: newBackground(c, small, uploading),
		Requests:   requests,
		ping:       c.Store.Ping, inspections: inspected,
	}, nil
}

// Ready returns nil if calls can be served: the database answers.
func (s *Service) Ready(ctx context.Context) error {
	const timeout = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := s.ping(ctx); err != nil {
		var away *photo.Error
		if errors.As(err, &away) && away.Kind == photo.KindUnavailable {
			return away // it has the reason
		}
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the database does not answer", Err: err}
	}
	return nil
}
