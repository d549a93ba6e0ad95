package sqldb

import (
	"context"
	"database/sql"
	"errors"

	"photos/internal/photo"
)

// The values of run in a photo's row that name no run.
const (
	noRun   = 0  // the text is in no run yet
	oldFold = -1 // the text was folded by an older photosd, so that not every search finds it
)

// refoldBatch is how many rows are folded in one transaction.
const refoldBatch = 500

// refold folds the texts of at most refoldBatch photos again, and returns how many there were.
func (db *DB) refold(ctx context.Context) (n int, err error) {
	err = db.row(ctx, `SELECT number FROM photo WHERE run = ? LIMIT 1`, oldFold).Scan(new(int64))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		type text struct {
			number                          int64
			name                            []byte
			description, tags, camera, lens string
		}
		var texts []text
		const query = `SELECT number, name, description, tags, camera, lens FROM photo WHERE run = ? LIMIT ? FOR UPDATE SKIP LOCKED`
		err := tx.each(ctx, query, []any{oldFold, refoldBatch}, func(row scanner) error {
			var r text
			err := row.Scan(&r.number, &r.name, &r.description, &r.tags, &r.camera, &r.lens)
			texts = append(texts, r)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range texts {
			_, err := tx.exec(ctx, `UPDATE photo SET folded = ?, gear = ?, run = ? WHERE number = ?`,
				folded(photo.Photo{Name: string(r.name), Description: r.description, Tags: readTags(r.tags)}), gear(r.camera, r.lens), noRun, r.number)
			if err != nil {
				return err
			}
		}
		n = len(texts)
		return nil
	})
	return n, err
}
