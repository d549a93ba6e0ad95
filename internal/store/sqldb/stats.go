package sqldb

import (
	"context"
	"fmt"

	"photos/internal/photo"
)

const selectTally = `SELECT kind, value, photos, bytes FROM tally WHERE owner = ? AND photos > 0`

// Tags implements store.Store.
func (db *DB) Tags(ctx context.Context, owner string) ([]photo.Tally, error) {
	var tags []photo.Tally
	err := db.each(ctx, selectTally+` AND kind = ? ORDER BY value`, []any{owner, tallyTag}, func(row scanner) error {
		_, t, err := scanTally(row)
		tags = append(tags, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", failure(err))
	}
	return tags, nil
}

// Stats implements store.Store.
func (db *DB) Stats(ctx context.Context, owner string) (photo.Stats, error) {
	var s photo.Stats
	err := db.each(ctx, selectTally+` AND kind IN (?, ?, ?) ORDER BY kind, value`, []any{owner, tallyMonth, tallyType, tallyCamera}, func(row scanner) error {
		kind, t, err := scanTally(row)
		switch kind {
		case tallyMonth:
			s.Months = append(s.Months, t)
		case tallyCamera:
			s.Cameras = append(s.Cameras, t)
		case tallyType: // every photo has one
			s.Types = append(s.Types, t)
			s.Photos, s.Bytes = s.Photos+t.Photos, s.Bytes+t.Bytes
		}
		return err
	})
	if err != nil {
		return photo.Stats{}, fmt.Errorf("statistics: %w", failure(err))
	}
	return s, nil
}

func scanTally(row scanner) (kind string, t photo.Tally, err error) {
	err = row.Scan(&kind, &t.Value, &t.Photos, &t.Bytes)
	return kind, t, err
}
