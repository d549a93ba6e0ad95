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

var _ store.StagedRows = (*DB)(nil)

const selectStaged = `SELECT name, owner, blob_key, multipart, claimed, size, tail, tail_size, tails, digest_state, state, modified_at FROM staged `

// CreateStaged implements store.StagedRows.
func (db *DB) CreateStaged(ctx context.Context, s store.Staged, holder string, lease time.Duration) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `INSERT INTO staged (name, owner, blob_key, multipart, claimed, size, tail, tail_size, tails, state, modified_at, holder, held_until)
			VALUES (?, ?, '', '', 0, 0, '', 0, 0, 0, ?, ?, ?) ON CONFLICT DO NOTHING`, s.Name, s.Owner, tx.now, holder, tx.now+micros(lease))
		if err == nil && n == 0 {
			return tx.refuse(&photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("staged upload %.80q exists", s.Name)})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("create staged upload: %w", err)
	}
	return nil
}

// HoldStaged implements store.StagedRows.
func (db *DB) HoldStaged(ctx context.Context, name, holder string, lease time.Duration) (store.Staged, error) {
	var s store.Staged
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE staged SET holder = ?, held_until = ? WHERE name = ? AND held_until <= ?`, holder, tx.now+micros(lease), name, tx.now)
		if err != nil {
			return err
		}
		s, err = scanStaged(tx.row(ctx, selectStaged+`WHERE name = ? FOR UPDATE`, name))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return tx.refuse(noStaged(name))
		case err == nil && n == 0:
			return tx.refuse(store.ErrHeld)
		}
		return err
	})
	if err != nil {
		return store.Staged{}, fmt.Errorf("hold staged upload: %w", err)
	}
	if s.Parts, err = db.stagedParts(ctx, name); err != nil { // only the holder adds any
		return store.Staged{}, fmt.Errorf("hold staged upload: %w", err)
	}
	return s, nil
}

func (db *DB) stagedParts(ctx context.Context, name string) ([]store.StagedPart, error) {
	var parts []store.StagedPart
	err := db.each(ctx, `SELECT number, etag, checksum, size FROM staged_part WHERE name = ? ORDER BY number`, []any{name}, func(row scanner) error {
		var p store.StagedPart
		err := row.Scan(&p.Number, &p.ETag, &p.Checksum, &p.Size)
		parts = append(parts, p)
		return err
	})
	return parts, err
}

// SaveStaged implements store.StagedRows.
func (db *DB) SaveStaged(ctx context.Context, s store.Staged, add *store.StagedPart, holder string, lease time.Duration) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE staged SET blob_key = ?, multipart = ?, claimed = ?, size = ?, tail = ?, tail_size = ?, tails = ?, digest_state = ?,
				state = ?, modified_at = ?, held_until = ? WHERE name = ? AND holder = ?`,
			s.Key, s.Multipart, s.Claimed, s.Size, s.Tail, s.TailSize, flag(s.Tails), s.Digest, int(s.State), tx.now, tx.now+micros(lease), s.Name, holder)
		if err != nil {
			return err
		}
		if n == 0 {
			return tx.refuse(lostStaged(s.Name))
		}
		if add == nil {
			return nil
		}
		_, err = tx.exec(ctx, `INSERT INTO staged_part (name, number, etag, checksum, size) VALUES (?, ?, ?, ?, ?)`, s.Name, add.Number, add.ETag, add.Checksum, add.Size)
		return err
	})
	if err != nil {
		return fmt.Errorf("save staged upload: %w", err)
	}
	return nil
}

// KeepStaged implements store.StagedRows.
func (db *DB) KeepStaged(ctx context.Context, name, holder string, lease time.Duration) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE staged SET held_until = ? WHERE name = ? AND holder = ?`, tx.now+micros(lease), name, holder)
		if err == nil && n == 0 {
			return tx.refuse(lostStaged(name))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep staged upload: %w", err)
	}
	return nil
}

// ReleaseStaged implements store.StagedRows.
func (db *DB) ReleaseStaged(ctx context.Context, name, holder string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE staged SET holder = '', held_until = 0 WHERE name = ? AND holder = ?`, name, holder)
		return err
	})
	if err != nil {
		return fmt.Errorf("release staged upload: %w", err)
	}
	return nil
}

// Staged implements store.StagedRows.
func (db *DB) Staged(ctx context.Context, name string) (store.Staged, error) {
	s, err := scanStaged(db.row(ctx, selectStaged+`WHERE name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		err = noStaged(name)
	}
	if err != nil {
		return store.Staged{}, fmt.Errorf("find staged upload: %w", failure(err))
	}
	return s, nil
}

// endedHolder is the holder of a staged upload that is about to be removed. No random
// name is the same.
const endedHolder = "ended"

// EndStaged implements store.StagedRows.
func (db *DB) EndStaged(ctx context.Context, name string) (store.Staged, error) {
	var s store.Staged
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		const forever = 1 << 62
		if _, err = tx.exec(ctx, `UPDATE staged SET holder = ?, held_until = ? WHERE name = ?`, endedHolder, int64(forever), name); err != nil {
			return err
		}
		s, err = scanStaged(tx.row(ctx, selectStaged+`WHERE name = ? FOR UPDATE`, name))
		if errors.Is(err, sql.ErrNoRows) {
			return tx.refuse(noStaged(name))
		}
		return err
	})
	if err != nil {
		return store.Staged{}, fmt.Errorf("end staged upload: %w", err)
	}
	return s, nil
}

// DeleteStaged implements store.StagedRows.
func (db *DB) DeleteStaged(ctx context.Context, name string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		if _, err := tx.exec(ctx, `DELETE FROM staged_part WHERE name = ?`, name); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `DELETE FROM staged WHERE name = ?`, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete staged upload: %w", err)
	}
	return nil
}

// StagedAfter implements store.StagedRows.
func (db *DB) StagedAfter(ctx context.Context, name string, limit int) ([]store.Staged, error) {
	var found []store.Staged
	err := db.each(ctx, selectStaged+`WHERE name > ? ORDER BY name LIMIT ?`, []any{name, limit}, func(row scanner) error {
		s, err := scanStaged(row)
		found = append(found, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list staged uploads: %w", err)
	}
	return found, nil
}

// StagedWithKey implements store.StagedRows.
func (db *DB) StagedWithKey(ctx context.Context, key string) (bool, error) {
	var n int
	if err := db.row(ctx, `SELECT COUNT(*) FROM staged WHERE blob_key = ?`, key).Scan(&n); err != nil {
		return false, fmt.Errorf("look for staged upload: %w", failure(err))
	}
	return n > 0, nil
}

func scanStaged(row scanner) (store.Staged, error) {
	var s store.Staged
	var modified int64
	err := row.Scan(&s.Name, &s.Owner, &s.Key, &s.Multipart, &s.Claimed, &s.Size, &s.Tail, &s.TailSize, &s.Tails, &s.Digest, &s.State, &modified)
	s.Modified = time.UnixMicro(modified).UTC()
	return s, err
}

func noStaged(name string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no staged upload %.80q", name)}
}

func lostStaged(name string) error {
	return &photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("another request has the staged upload %.80q", name)}
}
