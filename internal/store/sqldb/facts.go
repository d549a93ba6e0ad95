package sqldb

import (
	"context"
	"encoding/json"
	"fmt"

	"photos/internal/photo"
)

// Learn implements store.Store.
func (db *DB) Learn(ctx context.Context, owner string, id photo.ID, f photo.Facts) (photo.Photo, error) {
	var r record
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		if r, err = tx.photo(ctx, owner, id); err != nil {
			return err
		}
		if r.state != live {
			return tx.refuse(noPhoto(id))
		}
		r, err = tx.learn(ctx, owner, r, f)
		return err
	})
	if err != nil {
		return photo.Photo{}, fmt.Errorf("date photo: %w", err)
	}
	return r.Photo, nil
}

// learn updates r with the facts of f that come from better sources, and returns the new row.
func (t *txn) learn(ctx context.Context, owner string, r record, f photo.Facts) (record, error) {
	better := r
	if !better.Learn(f) {
		return r, nil
	}
	return t.update(ctx, owner, r, better)
}

// writeFacts encodes facts for the column facts of an upload.
func writeFacts(f photo.Facts) (string, error) {
	if f.IsZero() {
		return "", nil
	}
	b, err := json.Marshal(f)
	return string(b), err
}

// readFacts decodes what writeFacts has encoded.
func readFacts(s string) (f photo.Facts, err error) {
	if s == "" {
		return f, nil
	}
	err = json.Unmarshal([]byte(s), &f)
	return f, err
}
