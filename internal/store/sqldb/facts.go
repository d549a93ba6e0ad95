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
	if !r.Learn(f) {
		return r, nil
	}
	taken, offset := takenColumns(r.TakenAt, r.UploadedAt.UnixMicro())
	latitude, longitude := positionColumns(r.Position)
	_, err := t.exec(ctx, `UPDATE photo SET taken_at = ?, taken_offset = ?, taken_source = ?, latitude = ?, longitude = ?, position_source = ?,
			modified_at = ?, run = ?, version = version + 1
		WHERE owner = ? AND id = ?`,
		taken, offset, r.TakenSource, latitude, longitude, r.PositionSource, toMicros(r.ModifiedAt), noRun, owner, r.ID[:])
	if err != nil {
		return record{}, err
	}
	return t.photo(ctx, owner, r.ID)
}

// writeFacts encodes facts for the column facts of an upload.
func writeFacts(f photo.Facts) (string, error) {
	if f == (photo.Facts{}) {
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
