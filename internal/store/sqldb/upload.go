package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

const selectUpload = `SELECT id, owner, photo, length, name, description, description_source, caption, facts, created_at, expires_at, writer, generation,
		leased_until > clock(), digest_state, outcome, description_kept
	FROM upload WHERE owner = ? AND id = ?`

// CreateUpload implements store.Store.
func (db *DB) CreateUpload(ctx context.Context, u store.Upload, lifetime time.Duration) (store.Upload, error) {
	var made store.Upload
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		id, err := tx.findUpload(ctx, u)
		if errors.Is(err, sql.ErrNoRows) {
			if err := tx.allowUpload(ctx, u); err != nil {
				return err
			}
			id, err = u.ID, tx.insertUpload(ctx, u, lifetime)
		}
		if err != nil {
			return err
		}
		made, err = tx.upload(ctx, u.Owner, id)
		return err
	})
	if err != nil {
		return store.Upload{}, fmt.Errorf("create upload: %w", err)
	}
	return made, nil
}

// findUpload finds an unfinished upload of the same photo by the writer of u. It returns
// sql.ErrNoRows if there is none.
func (t *txn) findUpload(ctx context.Context, u store.Upload) (string, error) {
	if u.Writer == "" || u.Photo.IsZero() {
		return "", sql.ErrNoRows
	}
	var id string
	err := t.row(ctx, `SELECT id FROM upload WHERE owner = ? AND photo = ? AND length = ? AND writer = ? AND expires_at > ? AND outcome = '' LIMIT 1`,
		u.Owner, u.Photo[:], u.Length, u.Writer, t.now).Scan(&id)
	return id, err
}

// insertUpload inserts the row of a new upload.
func (t *txn) insertUpload(ctx context.Context, u store.Upload, lifetime time.Duration) error {
	var digest []byte // NULL
	if !u.Photo.IsZero() {
		digest = u.Photo[:]
	}
	facts, err := writeFacts(u.Facts)
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `INSERT INTO upload (id, owner, photo, length, name, description, description_source, caption, facts,
			created_at, expires_at, writer, lease, leased_until, generation, outcome, description_kept)
		SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1, '', 0 FROM owner WHERE id = ? ON CONFLICT DO NOTHING`,
		u.ID, digest, u.Length, []byte(u.Name), u.Description, u.DescriptionSource, u.Caption, facts,
		t.now, t.now+micros(lifetime), u.Writer, u.Owner)
	if err == nil && n == 0 {
		return t.refuse(&photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("upload %.80q exists, or its owner does not", u.ID)})
	}
	return err
}

// Upload implements store.Store.
func (db *DB) Upload(ctx context.Context, owner, id string) (store.Upload, error) {
	u, err := scanUpload(db.row(ctx, selectUpload, owner, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = noUpload(id)
	}
	if err != nil {
		return store.Upload{}, fmt.Errorf("find upload: %w", failure(err))
	}
	return u, nil
}

// ClaimUpload implements store.Store.
func (db *DB) ClaimUpload(ctx context.Context, u store.Upload, lease, lifetime time.Duration) (store.Upload, error) {
	facts, err := writeFacts(u.Facts)
	if err != nil {
		return store.Upload{}, fmt.Errorf("claim upload: %w", err)
	}
	var claimed store.Upload
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE upload SET writer = ?, lease = ?, leased_until = ?, expires_at = ?, generation = generation + 1,
				name = ?, description = ?, description_source = ?, caption = ?, facts = ?
			WHERE owner = ? AND id = ? AND (writer = ? OR leased_until <= ?) AND (? = 0 OR generation = ?) AND outcome = ''`,
			u.Writer, micros(lease), tx.now+micros(lease), tx.now+micros(lifetime),
			[]byte(u.Name), u.Description, u.DescriptionSource, u.Caption, facts,
			u.Owner, u.ID, u.Writer, tx.now, u.Generation, u.Generation)
		if err != nil {
			return err
		}
		claimed, err = tx.upload(ctx, u.Owner, u.ID)
		switch {
		case err != nil || n == 1:
			return err
		case claimed.Finished() || u.Generation != 0 && claimed.Generation != u.Generation:
			return tx.refuseOld(ctx, u.Owner, u.ID)
		}
		return tx.refuse(store.ErrLeased)
	})
	if err != nil {
		return store.Upload{}, fmt.Errorf("claim upload: %w", err)
	}
	return claimed, nil
}

// KeepUpload implements store.Store.
func (db *DB) KeepUpload(ctx context.Context, owner, id string, generation int64) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE upload SET leased_until = ? + lease WHERE owner = ? AND id = ? AND generation = ? AND outcome = ''`,
			tx.now, owner, id, generation)
		if err == nil && n == 0 {
			return tx.refuseOld(ctx, owner, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep upload: %w", err)
	}
	return nil
}

// ReleaseUpload implements store.Store.
func (db *DB) ReleaseUpload(ctx context.Context, owner, id string, generation int64, digest []byte) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE upload SET leased_until = 0, digest_state = COALESCE(?, digest_state)
			WHERE owner = ? AND id = ? AND generation = ? AND outcome = ''`, digest, owner, id, generation)
		return err
	})
	if err != nil {
		return fmt.Errorf("release upload: %w", err)
	}
	return nil
}

// FinishUpload implements store.Store.
func (db *DB) FinishUpload(ctx context.Context, owner, id string, generation int64, p photo.Photo, key string, f store.Finish, options ...store.AddOption) (store.Added, error) {
	var a store.Added
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		if err := tx.mayAdd(ctx, owner, p, options); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE upload SET photo = ?, leased_until = 0, digest_state = NULL, expires_at = ?
			WHERE owner = ? AND id = ? AND generation = ? AND outcome = ''`, p.ID[:], tx.now+micros(f.Keep), owner, id, generation)
		if err != nil {
			return err
		}
		if n == 0 {
			return tx.refuseOld(ctx, owner, id)
		}
		if a, err = tx.add(ctx, owner, p, key); err != nil {
			return err
		}
		return tx.setOutcome(ctx, owner, id, a, f.Spare)
	})
	if err != nil {
		return store.Added{}, fmt.Errorf("finish upload: %w", err)
	}
	return a, nil
}

// setOutcome records the outcome of an upload, and makes other uploads of the photo expire soon.
func (t *txn) setOutcome(ctx context.Context, owner, id string, a store.Added, spare time.Duration) error {
	kept := 0
	if a.DescriptionKept {
		kept = 1
	}
	if _, err := t.exec(ctx, `UPDATE upload SET outcome = ?, description_kept = ? WHERE owner = ? AND id = ?`, a.Outcome, kept, owner, id); err != nil {
		return err
	}
	soon := t.now + micros(spare)
	_, err := t.exec(ctx, `UPDATE upload SET expires_at = ? WHERE owner = ? AND photo = ? AND expires_at > ? AND outcome = ''`, soon, owner, a.Photo.ID[:], soon)
	return err
}

// refuseOld returns the reason why a generation may no longer change an upload.
func (t *txn) refuseOld(ctx context.Context, owner, id string) error {
	u, err := t.upload(ctx, owner, id)
	if err != nil {
		return err
	}
	if u.Finished() {
		return t.refuse(uploadFinished())
	}
	return t.refuse(&photo.Error{Kind: photo.KindConflict, Msg: "another client has taken over the upload", Hint: "ask for its offset"})
}

func uploadFinished() error {
	return &photo.Error{Kind: photo.KindConflict, Msg: "the upload is finished", Hint: "ask for its offset"}
}

// AbandonUpload implements store.Store.
func (db *DB) AbandonUpload(ctx context.Context, owner, id string, generation int64) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `DELETE FROM upload WHERE owner = ? AND id = ? AND generation = ? AND outcome = ''`, owner, id, generation)
		if err == nil && n == 0 {
			return tx.refuseOld(ctx, owner, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("abandon upload: %w", err)
	}
	return nil
}

// DeleteUpload implements store.Store.
func (db *DB) DeleteUpload(ctx context.Context, owner, id string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `DELETE FROM upload WHERE owner = ? AND id = ?`, owner, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete upload: %w", err)
	}
	return nil
}

// ExpiredUploads implements store.Store.
func (db *DB) ExpiredUploads(ctx context.Context, limit int) ([]string, error) {
	var gone []string
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		gone = nil
		for len(gone) < limit {
			id, err := tx.expireOne(ctx)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			gone = append(gone, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("expire uploads: %w", err)
	}
	return gone, nil
}

// expireOne removes the upload that expired first. It returns sql.ErrNoRows if there is none.
func (t *txn) expireOne(ctx context.Context) (string, error) {
	var id string
	err := t.row(ctx, `SELECT id FROM upload WHERE expires_at <= ? AND leased_until <= ? ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED`, t.now, t.now).Scan(&id)
	if err != nil {
		return "", err
	}
	_, err = t.exec(ctx, `DELETE FROM upload WHERE id = ?`, id)
	return id, err
}

// HasUpload implements store.Store.
func (db *DB) HasUpload(ctx context.Context, id string) (bool, error) {
	var n int
	if err := db.row(ctx, `SELECT COUNT(*) FROM upload WHERE id = ? AND outcome = ''`, id).Scan(&n); err != nil {
		return false, fmt.Errorf("look for upload: %w", failure(err))
	}
	return n > 0, nil
}

// upload returns the row of an upload and locks it until the transaction ends.
func (t *txn) upload(ctx context.Context, owner, id string) (store.Upload, error) {
	u, err := scanUpload(t.row(ctx, selectUpload+` FOR UPDATE`, owner, id))
	if errors.Is(err, sql.ErrNoRows) {
		return store.Upload{}, t.refuse(noUpload(id))
	}
	return u, err
}

func scanUpload(row scanner) (store.Upload, error) {
	var u store.Upload
	var digest, name []byte
	var created, expires int64
	var facts string
	err := row.Scan(&u.ID, &u.Owner, &digest, &u.Length, &name, &u.Description, &u.DescriptionSource, &u.Caption, &facts, &created, &expires, &u.Writer, &u.Generation,
		&u.Leased, &u.DigestState, &u.Outcome, &u.DescriptionKept)
	if err != nil {
		return store.Upload{}, err
	}
	if u.Facts, err = readFacts(facts); err != nil {
		return store.Upload{}, fmt.Errorf("facts of upload %s: %w", u.ID, err)
	}
	copy(u.Photo[:], digest)
	u.Name = string(name)
	u.CreatedAt, u.ExpiresAt = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC()
	return u, nil
}
