package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"photos/internal/store"
)

// selectDisabled runs in every request of a signed-in user.
const selectDisabled = `SELECT disabled_at IS NOT NULL FROM owner WHERE id = ?`

// Disabled implements store.Store.
func (db *DB) Disabled(ctx context.Context, owner string) (bool, error) {
	disabled, found, err := db.isDisabled(ctx, owner)
	if err != nil {
		return false, fmt.Errorf("look up the owner: %w", failure(err))
	}
	if !found {
		return false, noOwner(owner)
	}
	return disabled, nil
}

func (db *DB) isDisabled(ctx context.Context, owner string) (disabled, found bool, err error) {
	if db.disabled != nil {
		return db.disabled.get(ctx, owner)
	}
	err = db.row(ctx, selectDisabled, owner).Scan(&disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return disabled, err == nil, err
}

// selectManyDisabled returns whether the owners that exist are disabled.
func (db *DB) selectManyDisabled(ctx context.Context, owners []string) (map[string]bool, error) {
	var args []any
	for _, owner := range owners {
		args = append(args, owner)
	}
	found := map[string]bool{}
	query := `SELECT id, disabled_at IS NOT NULL FROM owner WHERE id IN (?` + strings.Repeat(`, ?`, len(args)-1) + `)`
	err := db.each(ctx, query, args, func(row scanner) error {
		var owner string
		var disabled bool
		err := row.Scan(&owner, &disabled)
		found[owner] = disabled
		return err
	})
	return found, err
}

// SetDisabled implements store.Store.
func (db *DB) SetDisabled(ctx context.Context, owner string, disabled bool) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		since := sql.NullInt64{Int64: tx.now, Valid: disabled}
		n, err := tx.exec(ctx, `UPDATE owner SET disabled_at = ? WHERE id = ?`, since, owner)
		if err == nil && n == 0 {
			return tx.refuse(noOwner(owner))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("disable or enable the owner: %w", err)
	}
	return nil
}

// Accounts implements store.Store.
func (db *DB) Accounts(ctx context.Context) ([]store.Account, error) {
	const query = `SELECT o.id, o.pool, o.subject, o.created_at, o.disabled_at,
		o.photos, o.bytes, o.trashed_photos, o.trashed_bytes,
		(SELECT COUNT(*) FROM access_key k WHERE k.owner = o.id) FROM owner o ORDER BY o.created_at, o.id`
	var accounts []store.Account
	err := db.each(ctx, query, nil, func(row scanner) error {
		var a store.Account
		var created int64
		var disabled sql.NullInt64
		if err := row.Scan(&a.Owner, &a.Pool, &a.Subject, &created, &disabled,
			&a.Usage.Photos, &a.Usage.Bytes, &a.Usage.TrashedPhotos, &a.Usage.TrashedBytes, &a.Keys); err != nil {
			return err
		}
		a.CreatedAt, a.DisabledAt = time.UnixMicro(created).UTC(), fromMicros(disabled)
		accounts = append(accounts, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", failure(err))
	}
	return accounts, nil
}
