package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// Add implements store.Store.
func (db *DB) Add(ctx context.Context, owner string, p photo.Photo, key string, options ...store.AddOption) (store.Added, error) {
	var a store.Added
	err := db.writer.writeNew(ctx, &newRow{owner, p, key}, func(ctx context.Context, tx *txn) (err error) {
		if err := tx.mayAdd(ctx, owner, p, options); err != nil {
			return err
		}
		a, err = tx.add(ctx, owner, p, key)
		return err
	})
	if err != nil {
		return store.Added{}, fmt.Errorf("add photo: %w", err)
	}
	return a, nil
}

// mayAdd refuses a trashed photo when the options say so, and a new photo that exceeds the quota.
// It is called before anything is changed: a refusal that comes later rolls back the whole batch.
func (t *txn) mayAdd(ctx context.Context, owner string, p photo.Photo, options []store.AddOption) error {
	if err := t.allow(ctx, owner, p); err != nil {
		return err
	}
	if !slices.Contains(options, store.NoRestore) {
		return nil
	}
	r, err := t.photo(ctx, owner, p.ID)
	if reason := refused(err); reason != nil {
		return nil //nolint:nilerr // a photo that is not there is not in the trash
	}
	if err == nil && r.state == trashed {
		return t.refuse(store.InTrash(p.ID))
	}
	return err
}

// add inserts p or, when the owner already has it, merges it into the row. Only the insert can tell
// which of the two it is, because another transaction may insert the same photo at the same time.
func (t *txn) add(ctx context.Context, owner string, p photo.Photo, key string) (store.Added, error) {
	p = t.asNew(p)
	if err := t.ownerExists(ctx, owner); err != nil {
		return store.Added{}, err
	}
	number, inserted, err := t.insertPhoto(ctx, owner, p, key)
	if err != nil {
		return store.Added{}, err
	}
	if inserted {
		t.note(owner, nil, &record{Photo: p, number: number, state: live})
		return store.Added{Photo: p, Key: key, Outcome: photo.OutcomeUploaded}, nil
	}
	r, err := t.photo(ctx, owner, p.ID)
	if err != nil {
		return store.Added{}, err
	}
	return t.merge(ctx, owner, r, p, key)
}

// asNew returns p as its new row has it.
func (t *txn) asNew(p photo.Photo) photo.Photo {
	if p.Description == "" {
		p.DescriptionSource = ""
	}
	p.UploadedAt, p.TrashedAt, p.PurgeAt, p.Version = time.UnixMicro(t.now).UTC(), time.Time{}, time.Time{}, 1
	return p
}

// merge updates the row r of a duplicate. It restores r from the trash, fills an empty description,
// and takes the date and position of p where they come from better sources. When the bytes of r are
// damaged, those under key replace them. The outcome names the most important of these changes.
func (t *txn) merge(ctx context.Context, owner string, r record, p photo.Photo, key string) (store.Added, error) {
	a := store.Added{Key: r.key, Outcome: photo.OutcomeExists}
	a.DescriptionKept = p.DescriptionSource != photo.FromEmbedded && // an embedded caption is not the user's wish
		p.Description != "" && r.Description != "" && r.Description != p.Description
	var err error
	if p.Description != "" && r.Description == "" {
		a.Outcome = photo.OutcomeDescribed
		if r, err = t.describe(ctx, owner, r, p.Description, p.DescriptionSource); err != nil {
			return store.Added{}, err
		}
	}
	if r.state == trashed {
		a.Outcome = photo.OutcomeRestored
		if r, err = t.restore(ctx, owner, r); err != nil {
			return store.Added{}, err
		}
	}
	if r.damaged {
		a.Outcome, a.Key = photo.OutcomeRepaired, key
		if _, err := t.exec(ctx, `UPDATE photo SET blob_key = ?, damaged = 0 WHERE owner = ? AND id = ?`, key, owner, p.ID[:]); err != nil {
			return store.Added{}, err
		}
		if err := t.queue(ctx, r.number); err != nil { // nothing could be read of the damaged bytes
			return store.Added{}, err
		}
	}
	if r, err = t.learn(ctx, owner, r, p.Facts()); err != nil {
		return store.Added{}, err
	}
	a.Photo = r.Photo
	return a, nil
}

// ownerExists refuses an owner that does not exist. A foreign key would do that too, but on
// PostgreSQL its failure would end the whole transaction.
func (t *txn) ownerExists(ctx context.Context, owner string) error {
	if t.owners[owner] {
		return nil
	}
	err := t.row(ctx, `SELECT id FROM owner WHERE id = ?`, owner).Scan(new(string))
	if errors.Is(err, sql.ErrNoRows) {
		return t.refuse(noOwner(owner))
	}
	t.owners[owner] = err == nil
	return err
}

// insertPhoto adds the row of a photo and returns its number. inserted is false if there is a row
// of the photo already.
func (t *txn) insertPhoto(ctx context.Context, owner string, p photo.Photo, key string) (number int64, inserted bool, err error) {
	name := rowName{owner, p.ID}
	if asked := t.ahead[name]; asked != nil {
		if asked.key != key { // the row is that of another change
			return 0, false, nil
		}
		delete(t.ahead, name) // for other changes that add the photo, the row is there already
		number, inserted = asked.number, asked.number != 0
		t.changed = t.changed || inserted
	} else {
		number, inserted, err = t.insert(ctx, `INSERT INTO photo `+newColumns+` VALUES `+newValues, t.newArguments(owner, p, key)...)
	}
	if err != nil || !inserted {
		return 0, false, err
	}
	return number, true, t.tag(ctx, owner, number, nil, p.Tags)
}

// The columns of a new photo and the parameters for them.
const (
	newColumns = `(owner, id, state, blob_key, name, size, media_type, width, height,
			taken_at, taken_offset, taken_source, camera, latitude, longitude, position_source, modified_at,
			exposure_time, aperture, iso, focal_length, lens, duration, reader,
			description, description_source, folded, gear, run, uploaded_at, version, folder, tags, damaged, revision)`
	newValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1)`
)

func (t *txn) newArguments(owner string, p photo.Photo, key string) []any {
	taken, offset := takenColumns(p.TakenAt, t.now)
	latitude, longitude := positionColumns(p.Position)
	return []any{
		owner, p.ID[:], live, key, []byte(p.Name), p.Size, p.MediaType, p.Width, p.Height,
		taken, offset, p.TakenSource, p.Camera, latitude, longitude, p.PositionSource, toMicros(p.ModifiedAt),
		p.Shot.ExposureTime, p.Shot.Aperture, p.Shot.ISO, p.Shot.FocalLength, p.Shot.Lens, micros(p.Shot.Duration), p.Reader,
		p.Description, p.DescriptionSource, folded(p), gear(p), noRun, t.now, p.Version, p.Folder, writeTags(p.Tags),
	}
}
