package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"photos/internal/photo"
)

// Neighbors implements store.Store.
func (db *DB) Neighbors(ctx context.Context, owner string, f photo.Filter, id photo.ID) (newer, older photo.ID, err error) {
	r, err := db.photo(ctx, owner, id)
	if errors.Is(err, sql.ErrNoRows) {
		return newer, older, noPhoto(id)
	}
	if err != nil {
		return newer, older, fmt.Errorf("find the neighbors of a photo: %w", failure(err))
	}
	if older, err = db.neighbor(ctx, owner, f, r, toOlder); err == nil {
		newer, err = db.neighbor(ctx, owner, f, r, toNewer)
	}
	if err != nil {
		return newer, older, fmt.Errorf("find the neighbors of a photo: %w", err)
	}
	return newer, older, nil
}

// neighbor returns the next photo after r in one direction, or none.
func (db *DB) neighbor(ctx context.Context, owner string, f photo.Filter, r record, d direction) (photo.ID, error) {
	l, err := newListing(owner, f, "", "")
	if err != nil {
		return photo.ID{}, err
	}
	q := l.from(cursorAt(r, l.by), d)
	next, err := scanPhoto(db.row(ctx, q.text, append(q.args, 1)...))
	if errors.Is(err, sql.ErrNoRows) {
		return photo.ID{}, nil
	}
	if err != nil {
		return photo.ID{}, failure(err)
	}
	return next.ID, nil
}
