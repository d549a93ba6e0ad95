package service

import (
	"context"
	"time"

	"photos/internal/store"
)

// PreviewRows is what a preview of a sweep needs of the metadata store.
type PreviewRows interface {
	EachExpired(ctx context.Context, f func(store.Expired) error) error
	HasUpload(ctx context.Context, id string) (bool, error)
	NamedBlobs(ctx context.Context, blobs []store.Blob) (map[store.Blob]bool, error)
	OrphanDue(ctx context.Context, key string, keep time.Duration) (bool, error)
}

// A Leftover is something that a sweep removes.
type Leftover struct {
	Kind  LeftoverKind
	Owner string // of a photo or an orphan, or of an upload with a row
	Name  string // of an upload, or the key of bytes
}

// LeftoverKind says what a sweep removes.
type LeftoverKind string

// The kinds of leftovers.
const (
	LeftoverUpload LeftoverKind = "upload" // an unfinished upload whose time is over
	LeftoverPhoto  LeftoverKind = "photo"  // a photo whose time in the trash is over
	LeftoverStaged LeftoverKind = "staged" // bytes of an upload without a row
	LeftoverOrphan LeftoverKind = "orphan" // a file without a row, known for long enough
)

// Preview calls show for everything that Sweep would remove now. It changes nothing.
func (s *Sweeper) Preview(ctx context.Context, rows PreviewRows, show func(Leftover) error) error {
	err := rows.EachExpired(ctx, func(e store.Expired) error {
		if e.Upload != "" {
			return show(Leftover{LeftoverUpload, e.Owner, e.Upload})
		}
		return show(Leftover{LeftoverPhoto, e.Owner, e.Key})
	})
	if err != nil {
		return err
	}
	err = s.Staging.EachStaged(ctx, func(name string, modified time.Time) error {
		if time.Since(modified) < orphanAge {
			return nil
		}
		if named, err := rows.HasUpload(ctx, name); err != nil || named {
			return err
		}
		return show(Leftover{LeftoverStaged, "", name})
	})
	if err != nil {
		return err
	}
	walk := blobWalk{rows: rows, orphan: func(f Finding) error {
		due, err := rows.OrphanDue(ctx, f.Key, orphanKeep)
		if err != nil || !due {
			return err
		}
		return show(Leftover{LeftoverOrphan, f.Owner, f.Key})
	}}
	err = s.Blobs.EachBlob(ctx, func(owner, key string, committed time.Time) error {
		if time.Since(committed) < orphanAge {
			return nil
		}
		return walk.add(ctx, Finding{Owner: owner, Key: key})
	})
	if err != nil {
		return err
	}
	return walk.flush(ctx)
}
