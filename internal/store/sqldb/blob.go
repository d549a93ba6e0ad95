package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"photos/internal/photo"
)

// HasBlob implements store.Store.
func (db *DB) HasBlob(ctx context.Context, owner, key string) (bool, error) {
	var n int
	err := db.row(ctx, `SELECT COUNT(*) FROM (SELECT number FROM photo WHERE blob_key = ? AND owner = ?
		UNION ALL SELECT number FROM photo WHERE rendition_key = ? AND owner = ?) AS named`, key, owner, key, owner).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for blob: %w", failure(err))
	}
	return n > 0, nil
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
