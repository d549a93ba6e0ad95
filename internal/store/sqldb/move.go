package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// selectClock reads the time, and until when a move keeps changes out. 0 is no such time.
const selectClock = `SELECT clock(), COALESCE((SELECT MAX(until) FROM move), 0)`

// forever is a time that never comes.
const forever = 1 << 62

// errMoving is the error of changes while the last ones of a move are copied, and of those after a move.
var errMoving = &photo.Error{Kind: photo.KindUnavailable, Msg: "the photos are being moved to another database", Hint: "try again in a moment; reading works"}

// Move implements store.MoveSource and store.MoveTarget.
func (db *DB) Move(ctx context.Context) (store.Move, error) {
	var m store.Move
	var until, now int64
	err := db.row(ctx, `SELECT state, other, until, clock() FROM move`).Scan(&m.State, &m.Other, &until, &now)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Move{}, nil
	case err != nil:
		return store.Move{}, fmt.Errorf("read the state of the move: %w", failure(err))
	case m.State == store.Frozen && until <= now:
		m = store.Move{}
	}
	return m, nil
}

// SetMove implements store.MoveSource and store.MoveTarget.
func (db *DB) SetMove(ctx context.Context, m store.Move, lease time.Duration) error {
	err := db.writer.writeAnyway(ctx, func(ctx context.Context, tx *txn) error {
		return tx.setMove(ctx, m, lease)
	})
	if err != nil {
		return fmt.Errorf("note the state of the move: %w", err)
	}
	return nil
}

func (t *txn) setMove(ctx context.Context, m store.Move, lease time.Duration) error {
	if _, err := t.exec(ctx, `DELETE FROM move`); err != nil {
		return err
	}
	until := int64(0)
	switch m.State {
	case store.Unmoved:
		return nil
	case store.Frozen:
		until = t.now + micros(lease)
	case store.Leaving, store.Moved:
		until = forever
	case store.Arriving, store.Arrived:
	}
	_, err := t.exec(ctx, `INSERT INTO move (id, state, other, until) VALUES (1, ?, ?, ?)`, string(m.State), m.Other, until)
	return err
}

// StoredBlobs implements store.MoveSource.
func (db *DB) StoredBlobs(ctx context.Context, after int64, limit int) ([]store.StoredBlob, error) {
	var page []store.StoredBlob
	const query = `SELECT number, owner, id, blob_key, size, damaged, rendition_key FROM photo WHERE number > ? ORDER BY number LIMIT ?`
	err := db.each(ctx, query, []any{after, limit}, func(row scanner) error {
		var p store.StoredBlob
		var id []byte
		var rendition sql.NullString
		err := row.Scan(&p.Number, &p.Owner, &id, &p.Key, &p.Size, &p.Damaged, &rendition)
		copy(p.ID[:], id)
		p.Rendition = rendition.String
		page = append(page, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read all photos: %w", failure(err))
	}
	return page, nil
}

// MovedBlobs implements store.MoveTarget.
func (db *DB) MovedBlobs(ctx context.Context, keys []string) (map[string]string, error) {
	moved := make(map[string]string, len(keys))
	if len(keys) == 0 {
		return moved, nil
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	query := `SELECT source_key, target_key FROM move_blob WHERE source_key IN (?` + strings.Repeat(", ?", len(keys)-1) + `)`
	err := db.each(ctx, query, args, func(row scanner) error {
		var from, to string
		err := row.Scan(&from, &to)
		moved[from] = to
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read which photos were copied: %w", failure(err))
	}
	return moved, nil
}

// NoteMovedBlob implements store.MoveTarget.
func (db *DB) NoteMovedBlob(ctx context.Context, owner, from, to string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `INSERT INTO move_blob (source_key, owner, target_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, from, owner, to)
		return err
	})
	if err != nil {
		return fmt.Errorf("note a copied photo: %w", err)
	}
	return nil
}
