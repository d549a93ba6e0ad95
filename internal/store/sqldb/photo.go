package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/store"
)

const selectPhoto = `SELECT ` + columns + ` FROM photo WHERE owner = ? AND id = ?`

// Get implements store.Store.
func (db *DB) Get(ctx context.Context, owner string, id photo.ID, s store.Scope) (photo.Photo, string, error) {
	r, err := db.photo(ctx, owner, id)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && r.state != live && s == store.Live:
		return photo.Photo{}, "", noPhoto(id)
	case err != nil:
		return photo.Photo{}, "", fmt.Errorf("get photo: %w", failure(err))
	}
	return r.Photo, r.key, nil
}

// photo returns the row of a photo. Its error is sql.ErrNoRows if there is none.
func (db *DB) photo(ctx context.Context, owner string, id photo.ID) (record, error) {
	if db.photos == nil {
		return scanPhoto(db.row(ctx, selectPhoto, owner, id[:]))
	}
	r, found, err := db.photos.get(ctx, rowName{owner, id})
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return r, err
}

// selectPhotos returns the rows of photos that exist.
func (db *DB) selectPhotos(ctx context.Context, names []rowName) (map[rowName]record, error) {
	ids := map[string][]any{} // by owner
	for _, n := range names {
		ids[n.owner] = append(ids[n.owner], n.id[:])
	}
	var q query
	for _, owner := range slices.Sorted(maps.Keys(ids)) {
		q.or(`owner = ? AND id IN (?`+strings.Repeat(`, ?`, len(ids[owner])-1)+`)`, append([]any{owner}, ids[owner]...)...)
	}
	found, p := map[rowName]record{}, newPhotoRow()
	err := db.each(ctx, `SELECT `+columns+`, owner FROM photo WHERE `+q.text, q.args, func(row scanner) error {
		var owner string
		r, err := p.scan(scanMore{row, []any{&owner}})
		found[rowName{owner, r.ID}] = r
		return err
	})
	return found, err
}

// photo returns the row of a photo and locks it until the transaction ends.
func (t *txn) photo(ctx context.Context, owner string, id photo.ID) (record, error) {
	r, err := scanPhoto(t.row(ctx, selectPhoto+` FOR UPDATE`, owner, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return record{}, t.refuse(noPhoto(id))
	}
	return r, err
}

// Describe implements store.Store.
func (db *DB) Describe(ctx context.Context, owner string, items []store.Description) ([]store.Described, error) {
	results := make([]store.Described, len(items))
	order := byID(items, func(d store.Description) photo.ID { return d.ID })
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		for _, i := range order {
			d, err := tx.describeItem(ctx, owner, items[i])
			if reason := refused(err); reason != nil { // the item is not changed, and the others go on
				d, err = store.Described{Err: reason}, nil
			}
			if err != nil {
				return err
			}
			results[i] = d
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	return results, nil
}

func (t *txn) describeItem(ctx context.Context, owner string, d store.Description) (store.Described, error) {
	r, err := t.photo(ctx, owner, d.ID)
	if err != nil {
		return store.Described{}, err
	}
	switch {
	case r.state != live:
		return store.Described{}, t.refuse(noPhoto(d.ID))
	case d.Text == r.Description: // also when the client repeats a request whose answer was lost
		return store.Described{Photo: r.Photo}, nil
	case d.IfVersion != nil && *d.IfVersion != r.Version:
		return store.Described{}, t.refuse(changed(d.ID))
	case d.OnlyIfEmpty && r.Description != "":
		return store.Described{Photo: r.Photo}, nil
	}
	r, err = t.describe(ctx, owner, r, d.Text, d.Source)
	return store.Described{Photo: r.Photo, Changed: true}, err
}

func changed(id photo.ID) error {
	return &photo.Error{Kind: photo.KindChanged, Msg: "photo " + id.Short() + " was changed by someone else in the meantime", Hint: "look at it again, then repeat the command"}
}
