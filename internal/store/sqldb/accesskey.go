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

// keyColumns are the columns that scanKey reads.
const keyColumns = `k.name, k.scope, k.created_at, k.expires_at, k.last_used_at`

// scanKey reads keyColumns. before receives the columns that the query selects before them.
func scanKey(row scanner, before ...any) (photo.AccessKey, error) {
	var k photo.AccessKey
	var created int64
	var expires, used sql.NullInt64
	if err := row.Scan(append(before, &k.Name, &k.Scope, &created, &expires, &used)...); err != nil {
		return photo.AccessKey{}, err
	}
	k.CreatedAt = time.UnixMicro(created).UTC()
	k.ExpiresAt, k.LastUsedAt = fromMicros(expires), fromMicros(used)
	return k, nil
}

// CreateKey implements store.Store.
func (db *DB) CreateKey(ctx context.Context, owner string, k photo.AccessKey, hash store.KeyHash) (photo.AccessKey, error) {
	var made photo.AccessKey
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		if made, err = tx.ownKey(ctx, owner, hash); !errors.Is(err, sql.ErrNoRows) {
			return err // without an error the key is there
		}
		if err := tx.mayCreateKey(ctx, owner, k); err != nil {
			return err
		}
		made = k
		made.CreatedAt, made.LastUsedAt = time.UnixMicro(tx.now).UTC(), time.Time{}
		expires := sql.NullInt64{Int64: k.ExpiresAt.UnixMicro(), Valid: !k.ExpiresAt.IsZero()}
		_, err = tx.exec(ctx, `INSERT INTO access_key (hash, owner, name, scope, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			hash[:], owner, k.Name, k.Scope, tx.now, expires)
		return err
	})
	if err != nil {
		return photo.AccessKey{}, fmt.Errorf("create access key: %w", err)
	}
	return made, nil
}

// ownKey returns the access key of an owner with a hash, or sql.ErrNoRows. Other transactions that
// create a key of this owner wait for this one.
func (t *txn) ownKey(ctx context.Context, owner string, hash store.KeyHash) (photo.AccessKey, error) {
	if err := t.lockOwner(ctx, owner); err != nil {
		return photo.AccessKey{}, err
	}
	return scanKey(t.row(ctx, `SELECT `+keyColumns+` FROM access_key k WHERE k.owner = ? AND k.hash = ?`, owner, hash[:]))
}

// lockOwner makes other transactions that lock the same owner wait for this one.
func (t *txn) lockOwner(ctx context.Context, owner string) error {
	err := t.row(ctx, `SELECT id FROM owner WHERE id = ? FOR UPDATE`, owner).Scan(new(string))
	if errors.Is(err, sql.ErrNoRows) {
		return t.refuse(noOwner(owner))
	}
	return err
}

func (t *txn) mayCreateKey(ctx context.Context, owner string, k photo.AccessKey) error {
	if !k.ExpiresAt.IsZero() && k.ExpiresAt.UnixMicro() <= t.now {
		return t.refuse(&photo.Error{Kind: photo.KindUsage, Msg: "the access key would already have expired", Hint: "give a later time"})
	}
	var keys, same int
	err := t.row(ctx, `SELECT (SELECT COUNT(*) FROM access_key WHERE owner = ?), (SELECT COUNT(*) FROM access_key WHERE owner = ? AND name = ?)`,
		owner, owner, k.Name).Scan(&keys, &same)
	switch {
	case err != nil:
		return err
	case same > 0:
		return t.refuse(&photo.Error{
			Kind: photo.KindConflict, Msg: fmt.Sprintf("an access key %q already exists", k.Name),
			Hint: "choose another name, or revoke that key first",
		})
	case keys >= photo.MaxKeys:
		return t.refuse(&photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("you already have %d access keys, which is the limit", keys), Hint: "revoke keys that are not used"})
	}
	return nil
}

// Keys implements store.Store.
func (db *DB) Keys(ctx context.Context, owner string) ([]photo.AccessKey, error) {
	const query = `SELECT ` + keyColumns + ` FROM access_key k WHERE k.owner = ? ORDER BY k.created_at, k.name`
	var keys []photo.AccessKey
	err := db.each(ctx, query, []any{owner}, func(row scanner) error {
		k, err := scanKey(row)
		keys = append(keys, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list access keys: %w", failure(err))
	}
	return keys, nil
}

// RevokeKey implements store.Store.
func (db *DB) RevokeKey(ctx context.Context, owner, name string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `DELETE FROM access_key WHERE owner = ? AND name = ?`, owner, name)
		if err == nil && n == 0 {
			return tx.refuse(&photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no access key %.80q", name), Hint: "'photos key list' shows your keys"})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke access key: %w", err)
	}
	return nil
}

// selectKey finds a valid key. Every request with an access key runs it.
const selectKey = `SELECT o.id, o.pool, o.subject, o.disabled_at IS NOT NULL, ` + keyColumns + `
	FROM access_key k JOIN owner o ON o.id = k.owner WHERE k.hash = ? AND (k.expires_at IS NULL OR k.expires_at > clock())`

// Key implements store.Store.
func (db *DB) Key(ctx context.Context, hash store.KeyHash) (store.KeyUse, error) {
	var u store.KeyUse
	k, err := scanKey(db.row(ctx, selectKey, hash[:]), &u.Owner, &u.Pool, &u.Subject, &u.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return store.KeyUse{}, &photo.Error{Kind: photo.KindNotFound, Msg: "no such access key"}
	}
	if err != nil {
		return store.KeyUse{}, fmt.Errorf("find access key: %w", failure(err))
	}
	u.Key = k
	return u, nil
}

// keyUseEvery is how precise a key's LastUsedAt is.
const keyUseEvery = time.Minute

// NoteKeyUse implements store.Store.
func (db *DB) NoteKeyUse(ctx context.Context, hash store.KeyHash) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE access_key SET last_used_at = ? WHERE hash = ? AND (last_used_at IS NULL OR last_used_at <= ?)`,
			tx.now, hash[:], tx.now-micros(keyUseEvery))
		return err
	})
	if err != nil {
		return fmt.Errorf("note the use of an access key: %w", err)
	}
	return nil
}
