package sqldb

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"photos/internal/photo"
	"photos/internal/store"
)

// Edit implements store.Store.
func (db *DB) Edit(ctx context.Context, owner string, edits []photo.Edit) ([]store.Described, error) {
	results := make([]store.Described, len(edits))
	order := byID(edits, func(e photo.Edit) photo.ID { return e.ID })
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		for _, i := range order {
			d, err := tx.edit(ctx, owner, edits[i])
			if reason := refused(err); reason != nil { // of a photo that is left as it was
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
		return nil, fmt.Errorf("edit: %w", err)
	}
	return results, nil
}

// byID returns the places of the changes in the order of their photos: calls that lock the same rows in
// one order do not end each other's transactions.
func byID[T any](changes []T, id func(T) photo.ID) []int {
	order := make([]int, len(changes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		one, other := id(changes[a]), id(changes[b])
		return bytes.Compare(one[:], other[:])
	})
	return order
}

func (t *txn) edit(ctx context.Context, owner string, e photo.Edit) (store.Described, error) {
	r, err := t.livePhoto(ctx, owner, e.ID)
	if err != nil {
		return store.Described{}, err
	}
	after := r
	changes, err := e.Apply(&after.Photo)
	if err != nil {
		return store.Described{}, t.refuse(err)
	}
	describes := e.Description != nil && e.Description.Text != r.Description
	switch {
	case !changes && !describes:
		return store.Described{Photo: r.Photo}, nil
	case e.IfVersion != nil && *e.IfVersion != r.Version:
		return store.Described{}, t.refuse(changed(e.ID))
	}
	if describes {
		err = t.revise(ctx, r, &after, e.Description.Text, e.Description.Source)
	}
	if err == nil {
		r, err = t.update(ctx, owner, r, after)
	}
	return store.Described{Photo: r.Photo, Changed: true}, err
}

// livePhoto returns the row as photo does, and refuses a photo in the trash.
func (t *txn) livePhoto(ctx context.Context, owner string, id photo.ID) (record, error) {
	r, err := t.photo(ctx, owner, id)
	if err == nil && r.state != live {
		err = t.refuse(noPhoto(id))
	}
	return r, err
}
