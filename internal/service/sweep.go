package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"photos/internal/blob"
	"photos/internal/store"
)

const (
	sweepEvery = time.Hour
	sweepBatch = 100            // rows that one query claims
	orphanAge  = 24 * time.Hour // younger bytes without a row stay: their row may follow

	// orphanKeep is how long bytes without a row stay after they were first found. After a
	// database was restored from an older backup, there are such bytes that are wanted. The
	// operator has this long to notice.
	orphanKeep = 30 * 24 * time.Hour
)

// SweepRows is what a sweep needs of the metadata store.
type SweepRows interface {
	ExpiredUploads(ctx context.Context, limit int) ([]string, error)
	HasUpload(ctx context.Context, id string) (bool, error)
	Purge(ctx context.Context, limit int) ([]store.Blob, error)
	HasBlob(ctx context.Context, owner, key string) (bool, error)
	Orphan(ctx context.Context, owner, key string, keep time.Duration) (bool, error)
}

// Sweeper removes what has expired.
type Sweeper struct {
	Rows    SweepRows
	Blobs   blob.Store
	Staging blob.Staging
	// Renditions of photos that are purged are removed; nil: there are none.
	Renditions Renditions
	Log        *slog.Logger
}

// Run sweeps at once and then about every hour, until ctx ends. Several processes over the
// same stores may do so: each thing is claimed before it is removed.
func (s *Sweeper) Run(ctx context.Context) {
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "sweep", "err", err)
		}
		pause := sweepEvery/2 + rand.N(sweepEvery)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// Sweep removes what has expired: unfinished uploads, photos in the trash, and bytes that
// no row names.
//
// It removes a row before its bytes. After a crash in between the bytes are orphans, which
// a later sweep finds. A row never names bytes that have been removed.
func (s *Sweeper) Sweep(ctx context.Context) error {
	var problems []error
	for _, part := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"expired uploads", s.sweepUploads},
		{"the trash", s.sweepTrash},
		{"orphaned uploads", s.sweepStaged},
		{"orphaned photos", s.sweepBlobs},
	} {
		if err := part.do(ctx); err != nil {
			problems = append(problems, fmt.Errorf("sweep %s: %w", part.what, err))
		}
	}
	return errors.Join(problems...)
}

func (s *Sweeper) sweepUploads(ctx context.Context) error {
	return inBatches(ctx, s.Rows.ExpiredUploads, s.Staging.Discard)
}

func (s *Sweeper) sweepTrash(ctx context.Context) error {
	return inBatches(ctx, s.Rows.Purge, func(ctx context.Context, b store.Blob) error {
		if s.Renditions != nil {
			if err := s.Renditions.Forget(b.Owner, b.Key); err != nil {
				s.Log.ErrorContext(ctx, "remove the small pictures of a photo", "err", err)
			}
		}
		return s.Blobs.Delete(ctx, b.Owner, b.Key)
	})
}

// inBatches claims items and removes them until there are none.
func inBatches[T any](ctx context.Context, claim func(context.Context, int) ([]T, error), remove func(context.Context, T) error) error {
	for {
		items, err := claim(ctx, sweepBatch)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := remove(ctx, item); err != nil {
				return err
			}
		}
		if len(items) < sweepBatch {
			return nil
		}
	}
}

func (s *Sweeper) sweepStaged(ctx context.Context) error {
	return s.Staging.EachStaged(ctx, func(name string, modified time.Time) error {
		if time.Since(modified) < orphanAge {
			return nil
		}
		if named, err := s.Rows.HasUpload(ctx, name); err != nil || named {
			return err
		}
		return s.Staging.Discard(ctx, name)
	})
}

func (s *Sweeper) sweepBlobs(ctx context.Context) error {
	orphans := 0
	err := s.Blobs.EachBlob(ctx, func(owner, key string, committed time.Time) error {
		if time.Since(committed) < orphanAge {
			return nil
		}
		if named, err := s.Rows.HasBlob(ctx, owner, key); err != nil || named {
			return err
		}
		orphans++
		due, err := s.Rows.Orphan(ctx, owner, key, orphanKeep)
		if err != nil || !due {
			return err
		}
		s.Log.InfoContext(ctx, "orphaned bytes removed", "owner", owner, "key", key)
		return s.Blobs.Delete(ctx, owner, key)
	})
	if orphans > 0 {
		s.Log.WarnContext(ctx, "some stored bytes belong to no photo; they are removed 30 days after they were first found: is this the right database?", "files", orphans)
	}
	return err
}
