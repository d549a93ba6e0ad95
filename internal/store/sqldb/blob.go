package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// NamedBlobs implements store.Store.
func (db *DB) NamedBlobs(ctx context.Context, blobs []store.Blob) (map[store.Blob]bool, error) {
	named := make(map[store.Blob]bool, len(blobs))
	for chunk := range slices.Chunk(blobs, maxNamed) {
		args := make([]any, len(chunk))
		for i, b := range chunk {
			args[i] = b.Key
		}
		keys := `(?` + strings.Repeat(", ?", len(chunk)-1) + `)`
		query := `SELECT owner, blob_key FROM photo WHERE blob_key IN ` + keys + ` UNION ALL SELECT owner, rendition_key FROM photo WHERE rendition_key IN ` + keys
		err := db.each(ctx, query, slices.Concat(args, args), func(row scanner) error {
			var b store.Blob
			err := row.Scan(&b.Owner, &b.Key)
			named[b] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look for blobs: %w", failure(err))
		}
	}
	return named, nil
}

// maxNamed is how many blobs one query asks for.
const maxNamed = 500

// Stored implements store.Store.
func (db *DB) Stored(ctx context.Context, after int64, limit int) ([]store.Stored, error) {
	var page []store.Stored
	const query = `SELECT number, owner, id, blob_key, size, damaged FROM photo WHERE number > ? ORDER BY number LIMIT ?`
	err := db.each(ctx, query, []any{after, limit}, func(row scanner) error {
		var p store.Stored
		var id []byte
		err := row.Scan(&p.Number, &p.Owner, &id, &p.Key, &p.Size, &p.Damaged)
		copy(p.ID[:], id)
		page = append(page, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read all photos: %w", failure(err))
	}
	return page, nil
}

// Orphan implements store.Store.
func (db *DB) Orphan(ctx context.Context, owner, key string, keep time.Duration) (bool, error) {
	var due bool
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		due, err = tx.orphan(ctx, owner, key, keep)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("note orphan: %w", err)
	}
	return due, nil
}

func (t *txn) orphan(ctx context.Context, owner, key string, keep time.Duration) (due bool, err error) {
	var seen int64
	err = t.row(ctx, `SELECT seen_at FROM orphan WHERE blob_key = ?`, key).Scan(&seen)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = t.exec(ctx, `INSERT INTO orphan (blob_key, owner, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, key, owner, t.now)
		return false, err
	case err != nil || t.now-seen < micros(keep):
		return false, err
	}
	n, err := t.exec(ctx, `DELETE FROM orphan WHERE blob_key = ? AND seen_at = ?`, key, seen)
	return n == 1, err // only one of several sweeps gets true
}

// SetDamaged implements store.Store.
func (db *DB) SetDamaged(ctx context.Context, owner string, id photo.ID, key string, damaged bool) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE photo SET damaged = ? WHERE owner = ? AND id = ? AND blob_key = ?`, flag(damaged), owner, id[:], key)
		return err
	})
	if err != nil {
		return fmt.Errorf("note damage: %w", err)
	}
	return nil
}

// Fresh reports whether nobody has signed in yet. Then there are no photos.
func (db *DB) Fresh(ctx context.Context) (bool, error) {
	var n int
	if err := db.row(ctx, `SELECT COUNT(*) FROM owner`).Scan(&n); err != nil {
		return false, fmt.Errorf("look for owners: %w", failure(err))
	}
	return n == 0, nil
}

// flag converts a bool to the database's 0 or 1.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
