package sqldb

import (
	"context"
	"fmt"

	"photos/internal/photo"
	"photos/internal/store"
)

// Edit implements store.Store.
func (db *DB) Edit(ctx context.Context, owner string, edits []photo.Edit) ([]store.Described, error) {
	results := make([]store.Described, len(edits))
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		for i, e := range edits {
			d, err := tx.edit(ctx, owner, e)
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

func (t *txn) edit(ctx context.Context, owner string, e photo.Edit) (store.Described, error) {
	r, err := t.photo(ctx, owner, e.ID)
	if err != nil {
		return store.Described{}, err
	}
	if r.state != live {
		return store.Described{}, t.refuse(noPhoto(e.ID))
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
