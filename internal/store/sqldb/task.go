package sqldb

import (
	"context"
	"fmt"
	"time"

	"photos/internal/photo"
)

// ClaimTask implements store.Store.
func (db *DB) ClaimTask(ctx context.Context, name, holder string, lease, every time.Duration) (claimed bool, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE task SET holder = ?, held_until = ? WHERE name = ? AND held_until <= ? AND done_at <= ?`,
			holder, tx.now+micros(lease), name, tx.now, tx.now-micros(every))
		if err == nil && n == 0 {
			n, err = tx.exec(ctx, `INSERT INTO task (name, holder, held_until, done_at) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING`, name, holder, tx.now+micros(lease))
		}
		claimed = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim %s: %w", name, err)
	}
	return claimed, nil
}

// KeepTask implements store.Store.
func (db *DB) KeepTask(ctx context.Context, name, holder string, lease time.Duration) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE task SET held_until = ? WHERE name = ? AND holder = ?`, tx.now+micros(lease), name, holder)
		if err == nil && n == 0 {
			return tx.refuse(&photo.Error{Kind: photo.KindConflict, Msg: "another process does this by now"})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// EndTask implements store.Store.
func (db *DB) EndTask(ctx context.Context, name, holder string, done bool) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		query, args := `UPDATE task SET holder = '', held_until = 0 WHERE name = ? AND holder = ?`, []any{name, holder}
		if done {
			query, args = `UPDATE task SET holder = '', held_until = 0, done_at = ? WHERE name = ? AND holder = ?`, append([]any{tx.now}, args...)
		}
		_, err := tx.exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end %s: %w", name, err)
	}
	return nil
}
