package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	openapi "photos/api"
	"photos/internal/blob"
	"photos/internal/buildinfo"
	"photos/internal/httpapi"
	"photos/internal/metrics"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/thumb"
	"photos/internal/web"
)

// daemon is all parts of photosd. Close it after the last request.
type daemon struct {
	service  *service.Service
	server   *httpapi.Server
	database string // its name in messages
	blobs    blobs
	free     func() (bytes int64, known bool) // space for photos; nil: that is not known
	link     func(ctx context.Context, owner, key, mediaType, disposition string) (string, error)
	media    string // the source of what link leads to, for the policy of pages; empty: nothing
	signIn   *signIn
	metrics  *metrics.Metrics
	pages    *web.Pages
	close    []func() error // in the order of opening
}

// newDaemon opens the stores, sets up sign-in, and makes the server.
func newDaemon(ctx context.Context, s *settings, log *slog.Logger, talk *talk) (*daemon, error) {
	d := &daemon{metrics: metrics.New(buildinfo.Version())}
	if err := d.open(ctx, s, log, talk); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *daemon) open(ctx context.Context, s *settings, log *slog.Logger, talk *talk) error {
	lock, err := openData(s.data, s.file())
	if err != nil {
		return err
	}
	d.close = append(d.close, lock.Close)
	if err := d.openFolder(s); err != nil {
		return err
	}
	config := s.config(talk.say)
	config.Meter = d.metrics
	db, err := config.Open(ctx)
	if err != nil {
		return s.named(err)
	}
	d.close, d.database = append(d.close, db.Close), db.Name()
	d.metrics.Database(db)
	if err := d.openBucket(ctx, s, db, talk); err != nil {
		return err
	}
	if err := settled(ctx, db, s.force, talk); err != nil {
		return err
	}
	if err := belong(ctx, db, d.blobs, s.photosAre()); err != nil {
		return err
	}
	if d.signIn, err = newSignIn(ctx, s, talk); err != nil {
		return err
	}
	d.close = append(d.close, d.signIn.close)
	renditions := thumb.New(thumb.Find())
	if err := renditions.NoBox(); err != nil {
		log.WarnContext(ctx, "bubblewrap does not work here: programs decode pictures and videos without it", "err", err)
	}
	d.service, err = service.New(service.Config{
		Store: db, Blobs: d.metrics.Blobs(d.blobs), Staging: d.metrics.Staging(d.blobs), Free: d.free, Link: d.link, Swept: d.metrics.Swept,
		Verify: d.signIn.verify, Inspect: metadata.Read, Renditions: renditions, Limits: s.limits.service(), Log: log,
	})
	if err != nil {
		return err
	}
	if err := d.openPages(s, db, log); err != nil {
		return err
	}
	d.metrics.Inspections(d.service.Inspections)
	d.server, err = httpapi.New(httpapi.Config{
		BaseURL: s.baseURL, Local: s.local(), Service: d.service, Resource: d.signIn.resource,
		OpenAPI: sync.OnceValues(openapi.JSON), Session: d.pages.Caller, Extra: d.signIn.pages, NoPage: d.pages.NoPage(), Observe: d.metrics.Guard(), Log: log,
	})
	return err
}

// openPages makes the web pages. Photos on their way through a form are in a folder of the
// data folder, and in no other one that may be small.
func (d *daemon) openPages(s *settings, db *sqldb.DB, log *slog.Logger) error {
	c := d.signIn.web
	c.BaseURL, c.Service, c.Sessions, c.Log = s.baseURL, d.service, db, log
	c.Media, c.Spool = d.media, filepath.Join(s.data, "forms")
	if err := os.MkdirAll(c.Spool, 0o700); err != nil {
		return fmt.Errorf("folder of forms: %w", err)
	}
	var err error
	if d.pages, err = web.New(c); err != nil {
		return err
	}
	maps.Copy(d.signIn.pages, d.pages.Handlers())
	return nil
}

// belong refuses a new database together with a data folder or a bucket that has photos. Either
// the name of the database was mistyped, or its file was lost. If photosd continued, users would
// not find their photos, and the sweep would later delete them as orphans.
func belong(ctx context.Context, db *sqldb.DB, blobs blob.Store, where string) error {
	fresh, err := db.Fresh(ctx)
	if err != nil || !fresh {
		return err
	}
	found := errors.New("found one")
	err = blobs.EachBlob(ctx, func(string, string, time.Time) error { return found })
	if errors.Is(err, found) {
		return &photo.Error{
			Kind: photo.KindConflict, Msg: "the database " + db.Name() + " is new, but there are photos in " + where,
			Hint: "name the right database, restore it from a backup, or start with another --data or --bucket",
		}
	}
	return err
}

// photosAre says where photos are, for messages.
func (s *settings) photosAre() string {
	if s.bucket.bucket != "" {
		return "the bucket " + s.bucket.bucket
	}
	return "the data folder"
}

func newSignIn(ctx context.Context, s *settings, talk *talk) (*signIn, error) {
	if s.local() {
		return newLocal(ctx, s, talk)
	}
	return newCognito(s)
}

// Close closes everything that was opened, in the opposite order.
func (d *daemon) Close() error {
	var problems []error
	for i := len(d.close) - 1; i >= 0; i-- {
		problems = append(problems, d.close[i]())
	}
	return errors.Join(problems...)
}
