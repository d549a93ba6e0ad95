package sqldb

import (
	"context"
	"fmt"

	"photos/internal/photo"
	"photos/internal/store"
)

// Limit implements store.Store.
func (db *DB) Limit(q store.Quota) { db.writer.quota.Store(&q) }

// quota is what each owner may have.
func (t *txn) quota() store.Quota {
	if q := t.w.quota.Load(); q != nil {
		return *q
	}
	return store.Quota{}
}

// allow refuses a photo that the owner does not have yet when there is no room for it.
func (t *txn) allow(ctx context.Context, owner string, p photo.Photo) error {
	q := t.quota()
	if q.Photos == 0 && q.Bytes == 0 {
		return nil
	}
	_, err := t.photo(ctx, owner, p.ID)
	if photo.KindOf(err) != photo.KindNotFound { // it is there, and nothing is added to it
		return err
	}
	u, err := t.usage(ctx, owner)
	if err != nil {
		return err
	}
	return q.Allow(u, p.Size)
}

// usage is what owner has by now, within the transaction.
func (t *txn) usage(ctx context.Context, owner string) (store.Usage, error) {
	u, err := scanUsage(t.row(ctx, selectUsage, owner), owner)
	more := t.counts[owner]
	u.Photos, u.Bytes = u.Photos+more.Photos, u.Bytes+more.Bytes
	u.TrashedPhotos, u.TrashedBytes = u.TrashedPhotos+more.TrashedPhotos, u.TrashedBytes+more.TrashedBytes
	return u, err
}

// allowUpload refuses an upload when the owner has too many under way, or when its photo would
// have no room.
func (t *txn) allowUpload(ctx context.Context, u store.Upload) error {
	q := t.quota()
	if q == (store.Quota{}) {
		return nil
	}
	var underWay int64
	if err := t.row(ctx, `SELECT COUNT(*) FROM upload WHERE owner = ? AND expires_at > ? AND outcome = ''`, u.Owner, t.now).Scan(&underWay); err != nil {
		return err
	}
	if err := q.AllowUpload(underWay); err != nil {
		return err
	}
	return t.allow(ctx, u.Owner, photo.Photo{ID: u.Photo, Size: u.Length})
}

// Uploads implements store.Store.
func (db *DB) Uploads(ctx context.Context, owner string) (_ []store.Pending, err error) {
	rows, err := db.read.QueryContext(ctx, `SELECT id, photo, length FROM upload WHERE owner = ? AND outcome = '' AND expires_at > `+clock, owner)
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", failure(err))
	}
	defer rows.Close()
	var pending []store.Pending
	for rows.Next() {
		var p store.Pending
		var digest []byte
		if err := rows.Scan(&p.ID, &digest, &p.Length); err != nil {
			return nil, fmt.Errorf("list uploads: %w", failure(err))
		}
		copy(p.Photo[:], digest)
		pending = append(pending, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list uploads: %w", failure(err))
	}
	return pending, nil
}
