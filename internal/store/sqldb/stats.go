package sqldb

import (
	"context"
	"fmt"

	"photos/internal/photo"
)

const selectTally = `SELECT kind, value, photos, bytes FROM tally WHERE owner = ? AND photos > 0`

// Tags implements store.Store.
func (db *DB) Tags(ctx context.Context, owner, after string, limit int) ([]photo.Tally, error) {
	var tags []photo.Tally
	err := db.each(ctx, selectTally+` AND kind = ? AND value > ? ORDER BY value LIMIT ?`, []any{owner, tallyTag, after, limit}, func(row scanner) error {
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
	add := func(row scanner) error {
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
	}
	const cameras = `SELECT * FROM (` + selectTally + ` AND kind = ? ORDER BY photos DESC, value LIMIT ?) most ORDER BY value`
	err := db.inSnapshot(ctx, func(snapshot *reading) error {
		err := snapshot.each(selectTally+` AND kind IN (?, ?) ORDER BY kind, value`, []any{owner, tallyMonth, tallyType}, add)
		if err != nil {
			return err
		}
		return snapshot.each(cameras, []any{owner, tallyCamera, photo.MaxCameras}, add)
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
