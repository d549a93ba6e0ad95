package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"photos/internal/photo"
	"photos/internal/store"
)

// Owner implements store.Store.
func (db *DB) Owner(ctx context.Context, pool, sub string) (string, error) {
	const find = `SELECT id FROM owner WHERE pool = ? AND subject = ?`
	var id string
	err := db.row(ctx, find, pool, sub).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		fresh := uuid.NewString()
		err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
			_, err := tx.exec(ctx, `INSERT INTO owner (id, pool, subject, created_at, photos, bytes, trashed_photos, trashed_bytes, epoch)
				VALUES (?, ?, ?, ?, 0, 0, 0, 0, ?) ON CONFLICT DO NOTHING`, fresh, pool, sub, tx.now, newEpoch())
			if err != nil {
				return err
			}
			return tx.row(ctx, find, pool, sub).Scan(&id) // another transaction may have inserted the owner first
		})
	}
	if err != nil {
		return "", fmt.Errorf("find owner: %w", failure(err))
	}
	return id, nil
}

const selectUsage = `SELECT photos, bytes, trashed_photos, trashed_bytes FROM owner WHERE id = ?`

// Usage implements store.Store.
func (db *DB) Usage(ctx context.Context, owner string) (store.Usage, error) {
	u, err := scanUsage(db.row(ctx, selectUsage, owner))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Usage{}, noOwner(owner)
	}
	if err != nil {
		return store.Usage{}, fmt.Errorf("usage: %w", failure(err))
	}
	return u, nil
}

// scanUsage reads the row of selectUsage.
func scanUsage(row scanner) (u store.Usage, err error) {
	err = row.Scan(&u.Photos, &u.Bytes, &u.TrashedPhotos, &u.TrashedBytes)
	return u, err
}

func noOwner(owner string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no owner %.40q", owner)}
}
