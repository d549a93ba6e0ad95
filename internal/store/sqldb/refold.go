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
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		n, err = tx.refold(ctx)
		return err
	})
	return n, err
}

func (t *txn) refold(ctx context.Context) (int, error) {
	photos := map[int64]photo.Photo{} // by number
	const query = `SELECT number, name, description, tags, folder, camera, lens FROM photo WHERE run = ? LIMIT ? FOR UPDATE SKIP LOCKED`
	err := t.each(ctx, query, []any{oldFold, refoldBatch}, func(row scanner) error {
		var p photo.Photo
		var number int64
		var name []byte
		var tags string
		err := row.Scan(&number, &name, &p.Description, &tags, &p.Folder, &p.Camera, &p.Shot.Lens)
		p.Name, p.Tags = string(name), readTags(tags)
		photos[number] = p
		return err
	})
	for number, p := range photos {
		if err != nil {
			return 0, err
		}
		_, err = t.exec(ctx, `UPDATE photo SET folded = ?, gear = ?, run = ? WHERE number = ?`, folded(p), gear(p), noRun, number)
	}
	return len(photos), err
}
