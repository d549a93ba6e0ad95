package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"photos/internal/photo"
)

// History implements store.Store.
func (db *DB) History(ctx context.Context, owner string, id photo.ID) (photo.History, error) {
	h, err := db.history(ctx, owner, id)
	if err != nil {
		return photo.History{}, fmt.Errorf("history of the description: %w", failure(err))
	}
	return h, nil
}

// history reads the photo and its revisions in one snapshot.
func (db *DB) history(ctx context.Context, owner string, id photo.ID) (h photo.History, err error) {
	err = db.inSnapshot(ctx, func(snapshot *reading) error {
		r, err := scanPhoto(snapshot.row(selectPhoto, owner, id[:]))
		if errors.Is(err, sql.ErrNoRows) || err == nil && r.state != live {
			return noPhoto(id)
		}
		if err != nil {
			return err
		}
		h, err = r.history(snapshot)
		return err
	})
	return h, err
}

// history returns the revisions of r, the current one first.
func (r record) history(snapshot *reading) (photo.History, error) {
	current := photo.Revision{Number: r.revision, Text: r.Description, Source: r.DescriptionSource, SetAt: r.UploadedAt, Current: true}
	var others []photo.Revision
	var undo int64
	const query = `SELECT number, parent, text, source, set_at FROM revision WHERE photo = ? ORDER BY number DESC`
	err := snapshot.each(query, []any{r.number}, func(row scanner) error {
		var v photo.Revision
		var parent, setAt int64
		if err := row.Scan(&v.Number, &parent, &v.Text, &v.Source, &setAt); err != nil {
			return err
		}
		v.SetAt = time.UnixMicro(setAt).UTC()
		if v.Number == r.revision {
			current.SetAt, undo = v.SetAt, parent
		} else {
			others = append(others, v)
		}
		return nil
	})
	for i := range others {
		others[i].Undo = others[i].Number == undo
	}
	return photo.History{Photo: r.Photo, Revisions: append([]photo.Revision{current}, others...)}, err
}

// Undo implements store.Store.
func (db *DB) Undo(ctx context.Context, owner string, id photo.ID, to int64, ifVersion *int64) (photo.Photo, error) {
	var r record
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		r, err = tx.undo(ctx, owner, id, to, ifVersion)
		return err
	})
	if err != nil {
		return photo.Photo{}, fmt.Errorf("undo: %w", err)
	}
	return r.Photo, nil
}

func (t *txn) undo(ctx context.Context, owner string, id photo.ID, to int64, ifVersion *int64) (record, error) {
	r, err := t.photo(ctx, owner, id)
	switch {
	case err != nil:
		return record{}, err
	case r.state != live:
		return record{}, t.refuse(noPhoto(id))
	case r.revision == to: // the client repeats a request whose answer was lost
		return r, nil
	case ifVersion != nil && *ifVersion != r.Version:
		return record{}, t.refuse(changed(id))
	}
	v := photo.Revision{Number: to}
	err = t.row(ctx, `SELECT text, source FROM revision WHERE photo = ? AND number = ?`, r.number, to).Scan(&v.Text, &v.Source)
	if errors.Is(err, sql.ErrNoRows) {
		return record{}, t.refuse(&photo.Error{
			Kind: photo.KindConflict, Msg: fmt.Sprintf("photo %s has no earlier description %d", id.Short(), to),
			Hint: "'photos describe --history' shows the descriptions that are kept",
		})
	}
	if err != nil {
		return record{}, err
	}
	after := r
	after.describe(v)
	return t.update(ctx, owner, r, after)
}

// describe gives r another description and returns the new row. The history keeps the old description.
func (t *txn) describe(ctx context.Context, owner string, r record, text string, source photo.Source) (record, error) {
	after := r
	if err := t.revise(ctx, r, &after, text, source); err != nil {
		return record{}, err
	}
	return t.update(ctx, owner, r, after)
}

// revise sets the description of after, which r is to become. The one that r had stays in
// the history.
func (t *txn) revise(ctx context.Context, r record, after *record, text string, source photo.Source) error {
	if text == "" {
		source = ""
	}
	const add = `INSERT INTO revision (photo, number, parent, text, source, set_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	// The description of the upload gets its row only now, with the first change.
	if _, err := t.exec(ctx, add, r.number, r.revision, 0, r.Description, r.DescriptionSource, r.UploadedAt.UnixMicro()); err != nil {
		return err
	}
	v := photo.Revision{Number: r.Version + 1, Text: text, Source: source} // versions are never reused, so the number is unique
	if _, err := t.exec(ctx, add, r.number, v.Number, r.revision, text, source, t.now); err != nil {
		return err
	}
	after.describe(v)
	return t.prune(ctx, r.number, v.Number)
}

// describe makes v the description of r.
func (r *record) describe(v photo.Revision) {
	r.Description, r.DescriptionSource, r.revision = v.Text, v.Source, v.Number
}

// prune removes the oldest revisions of a photo beyond photo.MaxRevisions. It keeps the
// current one and the last one that a human wrote. Revisions whose parent is removed get
// the parent's parent, so that an undo skips what is gone.
func (t *txn) prune(ctx context.Context, number, current int64) error {
	human := photo.HumanSources()
	for {
		var victim, parent int64
		err := t.row(ctx, `SELECT number, parent FROM revision WHERE photo = ? AND number <> ?
			AND number < (SELECT number FROM revision WHERE photo = ? AND number <> ? ORDER BY number DESC LIMIT 1 OFFSET ?)
			AND number <> COALESCE((SELECT MAX(number) FROM revision WHERE photo = ? AND number <> ? AND source IN (?, ?, ?)), 0)
			ORDER BY number LIMIT 1`,
			number, current, number, current, photo.MaxRevisions-1,
			number, current, human[0], human[1], human[2]).Scan(&victim, &parent)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE revision SET parent = ? WHERE photo = ? AND parent = ?`, parent, number, victim); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM revision WHERE photo = ? AND number = ?`, number, victim); err != nil {
			return err
		}
	}
}
