package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	openapi "photos/api"
	"photos/internal/blob/disk"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/store/sqldb"
)

// service is photosd put together. Close it after the last request.
type service struct {
	server *httpapi.Server
	signIn *signIn
	close  []func() error // in the order of opening
}

// newService opens the stores and the sign-in, and makes the server over them.
func newService(ctx context.Context, s *settings, log *slog.Logger, talk *talk) (*service, error) {
	svc := &service{}
	if err := svc.open(ctx, s, log, talk); err != nil {
		return nil, errors.Join(err, svc.Close())
	}
	return svc, nil
}

func (svc *service) open(ctx context.Context, s *settings, log *slog.Logger, talk *talk) error {
	lock, err := openData(s.data, s.databaseFile())
	if err != nil {
		return err
	}
	svc.close = append(svc.close, lock.Close)
	blobs, err := disk.Open(s.data)
	if err != nil {
		return err
	}
	svc.close = append(svc.close, blobs.Close)
	db, err := sqldb.Open(ctx, s.database())
	if err != nil {
		return err
	}
	svc.close = append(svc.close, db.Close)
	if err := belong(ctx, db, blobs, s.database()); err != nil {
		return err
	}
	if svc.signIn, err = newSignIn(ctx, s, talk); err != nil {
		return err
	}
	svc.close = append(svc.close, svc.signIn.close)
	svc.server, err = httpapi.New(httpapi.Config{
		BaseURL: s.baseURL, Local: s.local(), Store: db, Blobs: blobs, Staging: blobs, Free: blobs.Free,
		Verify: svc.signIn.verify, Inspect: metadata.Read, Resource: svc.signIn.resource,
		OpenAPI: sync.OnceValues(openapi.JSON), Extra: svc.signIn.pages, Log: log,
		Limits: s.limits.server(),
	})
	return err
}

// belong refuses a database that nobody has used beside photos that somebody has
// stored: its name was mistyped, or the file was lost. Went photosd on, nobody
// would find their photos, and in the end the sweep would take them for rubbish.
func belong(ctx context.Context, db *sqldb.DB, blobs *disk.Store, database string) error {
	fresh, err := db.Fresh(ctx)
	if err != nil || !fresh {
		return err
	}
	found := errors.New("found one")
	err = blobs.EachBlob(ctx, func(string, string, time.Time) error { return found })
	if errors.Is(err, found) {
		return &photo.Error{
			Kind: photo.KindConflict, Msg: "the database " + database + " is new, but there are photos in the data folder",
			Hint: "name the right database, put it back from a backup, or begin anew with another --data",
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

// Close closes what was opened, last things first.
func (svc *service) Close() error {
	var problems []error
	for i := len(svc.close) - 1; i >= 0; i-- {
		problems = append(problems, svc.close[i]())
	}
	return errors.Join(problems...)
}
