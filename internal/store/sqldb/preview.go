package sqldb

import (
	"context"
	"fmt"
	"time"

	"photos/internal/store"
)

// EachExpired calls f for what ExpiredUploads and Purge would remove now, and changes nothing.
func (db *DB) EachExpired(ctx context.Context, f func(store.Expired) error) error {
	note := func(row scanner) error {
		var e store.Expired
		if err := row.Scan(&e.Upload, &e.Owner, &e.Key); err != nil {
			return err
		}
		return f(e)
	}
	for _, query := range []string{
		`SELECT id, owner, '' FROM upload WHERE expires_at <= clock() AND leased_until <= clock() AND outcome = '' ORDER BY expires_at`,
		`SELECT '', owner, blob_key FROM photo WHERE purge_at <= clock() ORDER BY purge_at`,
	} {
		if err := db.each(ctx, query, nil, note); err != nil {
			return fmt.Errorf("look for what has expired: %w", err)
		}
	}
	return nil
}

// OrphanDue reports what the next call of Orphan would, and changes nothing.
func (db *DB) OrphanDue(ctx context.Context, key string, keep time.Duration) (bool, error) {
	var n int
	if err := db.row(ctx, `SELECT COUNT(*) FROM orphan WHERE blob_key = ? AND seen_at <= clock() - ?`, key, micros(keep)).Scan(&n); err != nil {
		return false, fmt.Errorf("look for orphan: %w", failure(err))
	}
	return n > 0, nil
}
