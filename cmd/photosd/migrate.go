package main

import (
	"context"
	"fmt"
	"io"
)

// migrate runs 'photosd migrate'. It brings the tables up to date, as the start of the service does, and ends.
func migrate(ctx context.Context, s *settings, stdout io.Writer, talk *talk) error {
	if err := s.noArguments(); err != nil {
		return err
	}
	if err := s.mustExist(); err != nil {
		return err
	}
	config := s.config(talk.say)
	before, err := config.Migrations(ctx)
	if err != nil {
		return s.named(err)
	}
	if !s.dryRun {
		db, err := config.Open(ctx)
		if err != nil {
			return s.named(err)
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	state, pending, version := "applied", 0, int64(0)
	if s.dryRun {
		state = "pending"
	}
	for _, m := range before {
		if m.Applied {
			version = m.Version
			continue
		}
		pending++
		if _, err := fmt.Fprintf(stdout, "%d\t%s\t%s\n", m.Version, m.Name, state); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	newest := before[len(before)-1].Version
	switch {
	case pending == 0:
		talk.say("photosd: the tables have version %d, and there is nothing to do", newest)
	case s.dryRun:
		talk.say("photosd: the tables have version %d; %d migrations would bring them to version %d", version, pending, newest)
	default:
		talk.say("photosd: the tables had version %d; %d migrations brought them to version %d", version, pending, newest)
	}
	return nil
}
