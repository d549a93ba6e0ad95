package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// walkBatch is how many entries of a folder are in memory at once.
const walkBatch = 256

// EachStaged implements blob.Staging.
func (s *Store) EachStaged(ctx context.Context, f func(name string, modified time.Time) error) error {
	err := s.each(ctx, uploadsDir, func(e fs.DirEntry) error {
		info, err := e.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		return f(e.Name(), info.ModTime())
	})
	if err != nil {
		return fmt.Errorf("walk uploads: %w", err)
	}
	return nil
}

// EachBlob implements blob.Store.
func (s *Store) EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error {
	err := s.each(ctx, blobsDir, func(owner fs.DirEntry) error {
		home := blobsDir + "/" + owner.Name()
		return s.each(ctx, home, func(shard fs.DirEntry) error {
			return s.each(ctx, home+"/"+shard.Name(), func(e fs.DirEntry) error {
				info, err := e.Info()
				if err != nil {
					return ignoreMissing(err)
				}
				return f(owner.Name(), e.Name(), info.ModTime())
			})
		})
	})
	if err != nil {
		return fmt.Errorf("walk blobs: %w", err)
	}
	return nil
}

// each calls f for the entries of a folder whose names this package uses. It ignores others,
// such as lost+found or the files of a file manager.
func (s *Store) each(ctx context.Context, path string, f func(fs.DirEntry) error) error {
	d, err := s.root.Open(path)
	if err != nil {
		return ignoreMissing(err)
	}
	defer d.Close()
	for {
		entries, err := d.ReadDir(walkBatch)
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !isPlainName(e.Name()) {
				continue
			}
			if err := f(e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ignoreMissing drops the error of an entry that was removed after its folder was read.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
