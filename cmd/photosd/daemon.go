package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	openapi "photos/api"
	"photos/internal/blob/disk"
	"photos/internal/buildinfo"
	"photos/internal/httpapi"
	"photos/internal/metrics"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/thumb"
)

// daemon is all parts of photosd. Close it after the last request.
type daemon struct {
	service  *service.Service
	server   *httpapi.Server
	database string // its name in messages
	signIn   *signIn
	metrics  *metrics.Metrics
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
	blobs, err := disk.Open(s.data)
	if err != nil {
		return err
	}
	d.close = append(d.close, blobs.Close)
	config := s.config(talk.say)
	config.Meter = d.metrics
	db, err := config.Open(ctx)
	if err != nil {
		return s.named(err)
	}
	d.close, d.database = append(d.close, db.Close), db.Name()
	d.metrics.Database(db)
	if err := belong(ctx, db, blobs); err != nil {
		return err
	}
	if d.signIn, err = newSignIn(ctx, s, talk); err != nil {
		return err
	}
	d.close = append(d.close, d.signIn.close)
	d.service, err = service.New(service.Config{
		Store: db, Blobs: d.metrics.Blobs(blobs), Staging: d.metrics.Staging(blobs), Free: blobs.Free, Swept: d.metrics.Swept,
		Verify: d.signIn.verify, Inspect: metadata.Read, Renditions: thumb.New(thumb.Find()), Limits: s.limits.service(), Log: log,
	})
	if err != nil {
		return err
	}
	d.metrics.Inspections(d.service.Inspections)
	d.server, err = httpapi.New(httpapi.Config{
		BaseURL: s.baseURL, Local: s.local(), Service: d.service, Resource: d.signIn.resource,
		OpenAPI: sync.OnceValues(openapi.JSON), Extra: d.signIn.pages, Observe: d.metrics.Guard(), Log: log,
	})
	return err
}

// belong refuses a new database together with a data folder that has photos. Either the name
// of the database was mistyped, or its file was lost. If photosd continued, users would not
// find their photos, and the sweep would later delete them as orphans.
func belong(ctx context.Context, db *sqldb.DB, blobs *disk.Store) error {
	fresh, err := db.Fresh(ctx)
	if err != nil || !fresh {
		return err
	}
	found := errors.New("found one")
	err = blobs.EachBlob(ctx, func(string, string, time.Time) error { return found })
	if errors.Is(err, found) {
		return &photo.Error{
			Kind: photo.KindConflict, Msg: "the database " + db.Name() + " is new, but there are photos in the data folder",
			Hint: "name the right database, restore it from a backup, or start with another --data",
		}
	}
	return err
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
