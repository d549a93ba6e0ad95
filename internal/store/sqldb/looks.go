package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/store"
)

// Looks implements store.Background. The digests come from an index that has all that is
// asked for, 20 bytes per photo.
func (db *DB) Looks(ctx context.Context, owner string) (looks []store.Looked, pending int, err error) {
	const query = `SELECT number, look FROM photo WHERE owner = ? AND state = ? AND look IS NOT NULL`
	err = db.each(ctx, query, []any{owner, live}, func(row scanner) error {
		var l store.Looked
		var digest int64
		err := row.Scan(&l.Number, &digest)
		l.Digest = photo.Digest(digest)
		looks = append(looks, l)
		return err
	})
	if err == nil {
		err = db.row(ctx, `SELECT COUNT(*) FROM work JOIN photo ON photo.number = work.photo WHERE photo.owner = ? AND photo.state = ? AND photo.rendition = ?`,
			owner, live, renditionPending).Scan(&pending)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read digests: %w", failure(err))
	}
	return looks, pending, nil
}

// Numbered implements store.Background.
func (db *DB) Numbered(ctx context.Context, owner string, numbers []int64) (map[int64]photo.Photo, error) {
	const some = 500 // parameters of one query
	found := make(map[int64]photo.Photo, len(numbers))
	for part := range slices.Chunk(numbers, some) {
		args := []any{owner, live}
		for _, n := range part {
			args = append(args, n)
		}
		query := `SELECT ` + columns + ` FROM photo WHERE owner = ? AND state = ? AND number IN (?` + strings.Repeat(", ?", len(part)-1) + `)`
		err := db.each(ctx, query, args, func(row scanner) error {
			r, err := scanPhoto(row)
			found[r.number] = r.Photo
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read photos: %w", failure(err))
		}
	}
	return found, nil
}
