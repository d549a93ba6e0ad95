package main

import (
	"context"
	"errors"
	"io"
)

// restored runs 'photosd restored'. The database was restored from a backup, so changes that clients
// have seen may be lost, and new changes get their numbers. Their cursors become invalid.
func restored(ctx context.Context, s *settings, _ io.Writer, talk *talk) (err error) {
	if err := s.noArguments(); err != nil {
		return err
	}
	db, err := openExisting(ctx, s, talk)
	if err != nil {
		return s.named(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.BeginEpochs(ctx); err != nil {
		return err
	}
	talk.say("photosd: programs that follow changes begin again; 'photosd check' compares the database with the photos")
	return nil
}
