package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"photos/internal/photo"
	"photos/internal/store"
)

// Limit implements store.Store.
func (db *DB) Limit(q store.Quota) { db.writer.quota.Store(&q) }

// allow refuses a photo that exceeds the owner's quota. A photo that the owner already has is allowed.
func (t *txn) allow(ctx context.Context, owner string, p photo.Photo) error {
	q := t.quota
	if !q.LimitsPhotos() {
		return nil
	}
	_, err := t.photo(ctx, owner, p.ID)
	if refused(err) == nil { // the owner already has it
		return err
	}
	u, err := t.usage(ctx, owner)
	if err != nil {
		return err
	}
	return t.refuse(q.Allow(u, p.Size))
}

// usage returns the owner's usage, including the changes of this transaction. It locks the owner's
// row, so that no other transaction adds to it until this one ends.
func (t *txn) usage(ctx context.Context, owner string) (store.Usage, error) {
	u, err := scanUsage(t.row(ctx, selectUsage+` FOR UPDATE`, owner))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Usage{}, t.refuse(noOwner(owner))
	}
	if n := t.notes[owner]; n != nil {
		u = sum(u, n.usage)
	}
	return u, err
}

// allowUpload refuses an upload when the owner has too many unfinished ones, or when its photo
// would exceed the quota.
func (t *txn) allowUpload(ctx context.Context, u store.Upload) error {
	q := t.quota
	if q == (store.Quota{}) {
		return nil
	}
	var unfinished int64
	if err := t.row(ctx, `SELECT COUNT(*) FROM upload WHERE owner = ? AND expires_at > ? AND outcome = ''`, u.Owner, t.now).Scan(&unfinished); err != nil {
		return err
	}
	if err := q.AllowUpload(unfinished); err != nil {
		return t.refuse(err)
	}
	return t.allow(ctx, u.Owner, photo.Photo{ID: u.Photo, Size: u.Length})
}

// Uploads implements store.Store.
func (db *DB) Uploads(ctx context.Context, owner string) (_ []store.Pending, err error) {
	const query = `SELECT id, photo, length FROM upload WHERE owner = ? AND outcome = '' AND expires_at > clock()`
	var pending []store.Pending
	err = db.each(ctx, query, []any{owner}, func(row scanner) error {
		var p store.Pending
		var digest []byte
		err := row.Scan(&p.ID, &digest, &p.Length)
		copy(p.Photo[:], digest)
		pending = append(pending, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", failure(err))
	}
	return pending, nil
}
