package service

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

const (
	sweepEvery = time.Hour
	sweepBatch = 100            // rows that one query claims
	orphanAge  = 24 * time.Hour // younger bytes without a row stay: their row may follow

	// orphanKeep is how long bytes without a row stay after they were first found. When the
	// operator restores a database from an older backup, photos that are still wanted have no
	// rows. The operator has this long to notice.
	orphanKeep = 30 * 24 * time.Hour

	// keepDeletions is how long clients that follow the changes may be away.
	keepDeletions = 90 * 24 * time.Hour

	// keepShares is how long a share that has ended stays, so that whoever opens it learns that.
	keepShares = 90 * 24 * time.Hour

	walkTask  = "walk"          // the name of the claim on the walk through all stored bytes
	walkLease = 5 * time.Minute // how long others leave that to a process that was killed
)

// SweepRows is what a sweep needs of the metadata store.
type SweepRows interface {
	ExpiredUploads(ctx context.Context, limit int) ([]string, error)
	HasUpload(ctx context.Context, id string) (bool, error)
	Purge(ctx context.Context, limit int) ([]store.Blob, error)
	ForgetDeletions(ctx context.Context, keep time.Duration, limit int) (int, error)
	ForgetShares(ctx context.Context, keep time.Duration, limit int) (int, error)
	NamedBlobs(ctx context.Context, blobs []store.Blob) (map[store.Blob]bool, error)
	Orphan(ctx context.Context, owner, key string, keep time.Duration) (bool, error)
	ClaimTask(ctx context.Context, name, holder string, lease, every time.Duration) (bool, error)
	KeepTask(ctx context.Context, name, holder string, lease time.Duration) error
	EndTask(ctx context.Context, name, holder string, done bool) error
}

// Sweeper removes what has expired.
type Sweeper struct {
	Rows    SweepRows
	Blobs   blob.Store
	Staging blob.Staging
	Log     *slog.Logger
	// Swept is told what a part of a sweep removed, and why it ended early; nil: nobody is.
	Swept func(part string, removed int, took time.Duration, err error)
}

// Run sweeps at once and then about every hour, until ctx ends. Several processes over the
// same stores may do so: each row is claimed before it is removed, and only one process at
// a time walks through the stored bytes.
func (s *Sweeper) Run(ctx context.Context) {
	for every := time.Duration(0); ; every = sweepEvery / 2 {
		if err := s.sweep(ctx, every); err != nil && ctx.Err() == nil {
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

// Sweep removes what has expired: unfinished uploads, photos in the trash, old shares, and
// bytes that no row names.
//
// It removes a row before its bytes. After a crash in between the bytes are orphans, which
// a later sweep finds. A row never names bytes that have been removed.
func (s *Sweeper) Sweep(ctx context.Context) error { return s.sweep(ctx, 0) }

// sweep leaves out the walk through the stored bytes if that was done less than every ago.
func (s *Sweeper) sweep(ctx context.Context, every time.Duration) error {
	return errors.Join(
		s.part(ctx, "expired uploads", s.sweepUploads),
		s.part(ctx, "the trash", s.sweepTrash),
		s.part(ctx, "old deletions", forgetting(s.Rows.ForgetDeletions, keepDeletions)),
		s.part(ctx, "old shares", forgetting(s.Rows.ForgetShares, keepShares)),
		s.walk(ctx, every),
	)
}

// part does a part of a sweep, and tells Swept.
func (s *Sweeper) part(ctx context.Context, what string, do func(context.Context) (removed int, err error)) error {
	start := time.Now()
	removed, err := do(ctx)
	if s.Swept != nil {
		s.Swept(what, removed, time.Since(start), err)
	}
	if err != nil {
		return fmt.Errorf("sweep %s: %w", what, err)
	}
	return nil
}

// walk looks for bytes that no row names, unless another process does so now or has done so
// less than every ago.
func (s *Sweeper) walk(ctx context.Context, every time.Duration) (err error) {
	holder := crand.Text()
	claimed, err := s.Rows.ClaimTask(ctx, walkTask, holder, walkLease, every)
	if err != nil || !claimed {
		return err
	}
	claim, cancel := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() { defer close(kept); s.keep(claim, cancel, holder) }()
	defer func() {
		cancel()
		<-kept
		err = errors.Join(err, s.Rows.EndTask(context.WithoutCancel(ctx), walkTask, holder, err == nil))
	}()
	return errors.Join(
		s.part(claim, "orphaned uploads", s.sweepStaged),
		s.part(claim, "orphaned photos", s.sweepBlobs),
	)
}

// keep renews the claim on the walk until ctx ends. It cancels the walk when another process has
// taken it over, which happens when this one stood still.
func (s *Sweeper) keep(ctx context.Context, cancel context.CancelFunc, holder string) {
	tick := time.NewTicker(walkLease / 5)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.Rows.KeepTask(ctx, walkTask, holder, walkLease); photo.KindOf(err) == photo.KindConflict {
				cancel()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (s *Sweeper) sweepUploads(ctx context.Context) (int, error) {
	return inBatches(ctx, s.Rows.ExpiredUploads, s.Staging.Discard)
}

func (s *Sweeper) sweepTrash(ctx context.Context) (int, error) {
	return inBatches(ctx, s.Rows.Purge, func(ctx context.Context, b store.Blob) error {
		return s.Blobs.Delete(ctx, b.Owner, b.Key)
	})
}

// forgetting returns a part of a sweep that removes rows older than keep until there are none.
func forgetting(forget func(ctx context.Context, keep time.Duration, limit int) (int, error), keep time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (removed int, err error) {
		for {
			n, err := forget(ctx, keep, sweepBatch)
			if removed += n; err != nil || n < sweepBatch {
				return removed, err
			}
		}
	}
}

// inBatches claims items and removes them until there are none. It returns how many it removed. An item that
// cannot be removed does not stop the others of its batch, which nobody else can claim any more.
func inBatches[T any](ctx context.Context, claim func(context.Context, int) ([]T, error), remove func(context.Context, T) error) (removed int, err error) {
	for {
		items, err := claim(ctx, sweepBatch)
		if err != nil {
			return removed, err
		}
		var failed []error
		for _, item := range items {
			if err := remove(ctx, item); err != nil {
				failed = append(failed, err)
				continue
			}
			removed++
		}
		if len(failed) > 0 || len(items) < sweepBatch {
			return removed, errors.Join(failed...)
		}
	}
}

func (s *Sweeper) sweepStaged(ctx context.Context) (removed int, err error) {
	err = s.Staging.EachStaged(ctx, func(name string, modified time.Time) error {
		if time.Since(modified) < orphanAge {
			return nil
		}
		if named, err := s.Rows.HasUpload(ctx, name); err != nil || named {
			return err
		}
		removed++
		return s.Staging.Discard(ctx, name)
	})
	return removed, err
}

func (s *Sweeper) sweepBlobs(ctx context.Context) (removed int, err error) {
	orphans := 0
	walk := blobWalk{rows: s.Rows, orphan: func(f Finding) error {
		orphans++
		due, err := s.Rows.Orphan(ctx, f.Owner, f.Key, orphanKeep)
		if err != nil || !due {
			return err
		}
		s.Log.InfoContext(ctx, "orphaned bytes removed", "owner", f.Owner, "key", f.Key)
		removed++
		return s.Blobs.Delete(ctx, f.Owner, f.Key)
	}}
	err = s.Blobs.EachBlob(ctx, func(owner, key string, committed time.Time) error {
		if time.Since(committed) < orphanAge {
			return nil
		}
		return walk.add(ctx, Finding{Owner: owner, Key: key})
	})
	err = errors.Join(err, walk.flush(ctx))
	if orphans > 0 {
		s.Log.WarnContext(ctx, "some stored bytes belong to no photo, and will be removed 30 days after they were first found; check that this is the right database", "files", orphans)
	}
	return removed, err
}
