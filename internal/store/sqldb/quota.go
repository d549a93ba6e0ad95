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
	u, limited, err := t.limitedUsage(ctx, owner, p.ID)
	if err != nil || !limited {
		return err
	}
	return t.refuse(t.quota.Allow(u, p.Size, 0))
}

// limitedUsage returns the owner's usage if a quota limits a photo. None limits a photo that the owner
// already has.
func (t *txn) limitedUsage(ctx context.Context, owner string, id photo.ID) (u store.Usage, limited bool, err error) {
	if !t.quota.LimitsPhotos() {
		return u, false, nil
	}
	_, err = t.photo(ctx, owner, id)
	if refused(err) == nil { // the owner already has it
		return u, false, err
	}
	u, err = t.usage(ctx, owner)
	return u, err == nil, err
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
// and those of the other ones would exceed the quota.
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
	usage, limited, err := t.limitedUsage(ctx, u.Owner, u.Photo)
	if err != nil || !limited {
		return err
	}
	announced, err := t.announced(ctx, u)
	if err != nil {
		return err
	}
	return t.refuse(q.Allow(usage, u.Length, announced))
}

// announced returns how many bytes the other unfinished uploads have, as long as their bytes are not swept. It
// leaves out one upload of the same photo, which u may be the retry of. The caller has locked the owner's row.
func (t *txn) announced(ctx context.Context, u store.Upload) (int64, error) {
	var all, same sql.NullInt64 // NULL: there are none
	err := t.row(ctx, `SELECT SUM(length), SUM(CASE WHEN photo = ? THEN length ELSE 0 END) FROM upload WHERE owner = ? AND outcome = ''`,
		u.Photo[:], u.Owner).Scan(&all, &same)
	return all.Int64 - min(same.Int64, u.Length), err
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
