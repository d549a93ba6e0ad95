package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// Trash implements store.Store.
func (db *DB) Trash(ctx context.Context, owner string, id photo.ID, purgeAfter time.Duration) (photo.Photo, error) {
	var r record
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		r, _, err = tx.trash(ctx, owner, id, purgeAfter)
		return err
	})
	if err != nil {
		return photo.Photo{}, fmt.Errorf("trash photo: %w", err)
	}
	return r.Photo, nil
}

// TrashMany implements store.Store.
func (db *DB) TrashMany(ctx context.Context, owner string, ids []photo.ID, purgeAfter time.Duration) (n int, at time.Time, err error) {
	ids = inOneOrder(ids)
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, at = 0, time.UnixMicro(tx.now).UTC()
		for _, id := range ids {
			_, moved, err := tx.trash(ctx, owner, id, purgeAfter)
			if err != nil && refused(err) == nil { // a photo that is not there does not stop the others
				return err
			}
			if moved {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("trash photos: %w", err)
	}
	return n, at, nil
}

// inOneOrder returns the IDs sorted: calls that lock the same rows in one order do not end each
// other's transactions.
func inOneOrder(ids []photo.ID) []photo.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b photo.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// trash moves a photo to the trash, unless it is there, and returns its row and whether it moved it.
func (t *txn) trash(ctx context.Context, owner string, id photo.ID, purgeAfter time.Duration) (r record, moved bool, err error) {
	before, err := t.photo(ctx, owner, id)
	if err != nil || before.state == trashed {
		return before, false, err
	}
	_, err = t.exec(ctx, `UPDATE photo SET state = ?, trashed_at = ?, purge_at = ? WHERE owner = ? AND id = ?`,
		trashed, t.now, t.now+micros(purgeAfter), owner, id[:])
	if err != nil {
		return record{}, false, err
	}
	r, err = t.photo(ctx, owner, id)
	if err == nil {
		t.note(owner, &before, &r)
	}
	return r, err == nil, err
}

// Restore implements store.Store.
func (db *DB) Restore(ctx context.Context, owner string, id photo.ID) (photo.Photo, error) {
	var r record
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		if r, err = tx.photo(ctx, owner, id); err != nil {
			return err
		}
		r, err = tx.restore(ctx, owner, r)
		return err
	})
	if err != nil {
		return photo.Photo{}, fmt.Errorf("restore photo: %w", err)
	}
	return r.Photo, nil
}

// RestoreTrashed implements store.Store.
func (db *DB) RestoreTrashed(ctx context.Context, owner string, at time.Time, limit int) (n int, err error) {
	ids, err := db.trashedAt(ctx, owner, at, limit)
	if err != nil {
		return 0, fmt.Errorf("restore photos: %w", failure(err))
	}
	ids = inOneOrder(ids)
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n = 0
		for _, id := range ids {
			r, err := tx.photo(ctx, owner, id)
			switch {
			case refused(err) != nil, err == nil && !r.TrashedAt.Equal(at): // purged or restored meanwhile
				continue
			case err == nil:
				_, err = tx.restore(ctx, owner, r)
			}
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("restore photos: %w", err)
	}
	return n, nil
}

// trashedAt returns at most limit photos that went to the trash at a moment and are still in it.
func (db *DB) trashedAt(ctx context.Context, owner string, at time.Time, limit int) (ids []photo.ID, err error) {
	const query = `SELECT id FROM photo WHERE owner = ? AND state = ? AND trashed_at = ? LIMIT ?`
	err = db.each(ctx, query, []any{owner, trashed, at.UnixMicro(), limit}, func(row scanner) error {
		var digest []byte
		err := row.Scan(&digest)
		var id photo.ID
		copy(id[:], digest)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// restore makes r live, unless it already is, and returns the new row. Its bytes still exist,
// because Purge removes the row before the caller deletes the bytes.
func (t *txn) restore(ctx context.Context, owner string, r record) (record, error) {
	if r.state != trashed {
		return r, nil
	}
	_, err := t.exec(ctx, `UPDATE photo SET state = ?, trashed_at = NULL, purge_at = NULL WHERE owner = ? AND id = ?`, live, owner, r.ID[:])
	if err != nil {
		return record{}, err
	}
	now, err := t.photo(ctx, owner, r.ID)
	if err == nil {
		t.note(owner, &r, &now)
	}
	return now, err
}

// Purge implements store.Store.
func (db *DB) Purge(ctx context.Context, limit int) ([]store.Blob, error) {
	var gone []store.Blob
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		gone = nil
		for len(gone) < limit {
			blobs, err := tx.purgeOne(ctx)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			gone = append(gone, blobs...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("purge: %w", err)
	}
	return gone, nil
}

// PurgePhoto implements store.Store.
func (db *DB) PurgePhoto(ctx context.Context, owner string, id photo.ID) (photo.Photo, []store.Blob, error) {
	var r record
	var gone []store.Blob
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		if r, err = tx.photo(ctx, owner, id); err != nil {
			return err
		}
		if r.state != trashed {
			return tx.refuse(&photo.Error{Kind: photo.KindConflict, Msg: "the photo is not in the trash", Hint: "delete it first"})
		}
		gone, err = tx.purgeRow(ctx, `number = ?`, r.number)
		return err
	})
	if err != nil {
		return photo.Photo{}, nil, fmt.Errorf("purge photo: %w", err)
	}
	return r.Photo, gone, nil
}

// purgeOne removes the row whose time in the trash ended first. It returns sql.ErrNoRows if
// there is none.
func (t *txn) purgeOne(ctx context.Context) ([]store.Blob, error) {
	return t.purgeRow(ctx, `purge_at <= ? ORDER BY purge_at LIMIT 1 FOR UPDATE SKIP LOCKED`, t.now)
}

// purgeRow removes the row that a condition finds, and returns its blobs.
func (t *txn) purgeRow(ctx context.Context, where string, arg int64) ([]store.Blob, error) {
	var b store.Blob
	var r record
	var run int64
	var rendition sql.NullString
	err := t.row(ctx, `SELECT number, owner, blob_key, state, size, rendition_key, run FROM photo WHERE `+where, arg).
		Scan(&r.number, &b.Owner, &b.Key, &r.state, &r.Size, &rendition, &run)
	if err != nil {
		return nil, err
	}
	gone := []store.Blob{b}
	if rendition.Valid {
		gone = append(gone, store.Blob{Owner: b.Owner, Key: rendition.String})
	}
	t.note(b.Owner, &r, nil) // the feed told of the deletion when the photo went to the trash
	if run > 0 {
		if _, err := t.exec(ctx, `UPDATE search_run SET stale = 1 WHERE id = ?`, run); err != nil {
			return nil, err
		}
	}
	// An earlier deletion of the same bytes is not the latest change any more.
	if _, err := t.exec(ctx, `DELETE FROM feed WHERE owner = ? AND id = (SELECT id FROM photo WHERE number = ?) AND photo IS NULL`, b.Owner, r.number); err != nil {
		return nil, err
	}
	_, err = t.exec(ctx, `DELETE FROM photo WHERE number = ?`, r.number)
	return gone, err
}
