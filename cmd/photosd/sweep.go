package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"photos/internal/service"
	"photos/internal/text"
)

// sweep runs 'photosd sweep'. It removes what a running service removes by itself, or prints
// it. The service may be running.
func sweep(ctx context.Context, s *settings, stdout io.Writer, talk *talk) (err error) {
	if err := s.noArguments(); err != nil {
		return err
	}
	db, err := openExisting(ctx, s, talk)
	if err != nil {
		return s.named(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := s.mustHaveFiles(); err != nil {
		return err
	}
	d := &daemon{}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := errors.Join(d.openFolder(s), d.openBucket(ctx, s, db, talk)); err != nil {
		return err
	}
	sweeper := &service.Sweeper{Rows: db, Blobs: d.blobs, Staging: d.blobs, Log: talk.logger(s.logLevel)}
	if s.dryRun {
		return sweeper.Preview(ctx, db, func(l service.Leftover) error {
			if _, err := fmt.Fprintf(stdout, "%s\t%s\t%s\n", l.Kind, text.Line(l.Owner), text.Line(l.Name)); err != nil {
				return fmt.Errorf("standard output: %w", err)
			}
			return nil
		})
	}
	removed := 0
	sweeper.Swept = func(_ string, n int, _ time.Duration, _ error) { removed += n }
	err = sweeper.Sweep(ctx)
	talk.say("photosd: %d things removed", removed)
	return err
}
