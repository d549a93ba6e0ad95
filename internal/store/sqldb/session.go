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

// maxAgent is how many bytes of a browser's name are kept.
const maxAgent = 200

// sessionUseEvery is how precise a session's SeenAt is.
const sessionUseEvery = 5 * time.Minute

// sessionColumns are what scanSession reads.
const sessionColumns = `w.hash, w.id, w.owner, w.sealed, w.agent, w.created_at, w.seen_at, w.expires_at, w.refresh_at, w.access_until,
	w.generation, w.claimed_until > clock(), w.paused_until > clock()`

// scanSession reads sessionColumns, and after them whatever else the query selects.
func scanSession(row scanner, after ...any) (store.Session, error) {
	var s store.Session
	var hash []byte
	var created, seen, expires, refresh, access int64
	err := row.Scan(append([]any{
		&hash, &s.ID, &s.Owner, &s.Sealed, &s.Agent, &created, &seen, &expires, &refresh, &access, &s.Generation, &s.Claimed, &s.Paused,
	}, after...)...)
	if err != nil {
		return store.Session{}, err
	}
	copy(s.Hash[:], hash)
	for at, micros := range map[*time.Time]int64{&s.CreatedAt: created, &s.SeenAt: seen, &s.ExpiresAt: expires, &s.RefreshAt: refresh, &s.AccessUntil: access} {
		*at = time.UnixMicro(micros).UTC()
	}
	return s, nil
}

// CreateSession implements store.Store.
func (db *DB) CreateSession(ctx context.Context, s store.Session, lifetime time.Duration) error {
	if len(s.Agent) > maxAgent {
		s.Agent = s.Agent[:maxAgent]
	}
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `INSERT INTO web_session
			(hash, id, owner, sealed, agent, created_at, seen_at, expires_at, refresh_at, access_until, generation, claimed_until, paused_until)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0)`,
			s.Hash[:], s.ID, s.Owner, s.Sealed, s.Agent, tx.now, tx.now, tx.now+micros(lifetime), s.RefreshAt.UnixMicro(), s.AccessUntil.UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return nil
}

// selectSession finds a session. Every request of a page asks.
const selectSession = `SELECT ` + sessionColumns + `, o.pool, o.subject, o.disabled_at IS NOT NULL
	FROM web_session w JOIN owner o ON o.id = w.owner WHERE w.hash = ? AND w.expires_at > clock() AND w.seen_at > clock() - ?`

// Session implements store.Store.
func (db *DB) Session(ctx context.Context, hash store.SessionHash, idle time.Duration) (store.Session, error) {
	var pool, subject string
	var disabled bool
	s, err := scanSession(db.row(ctx, selectSession, hash[:], micros(idle)), &pool, &subject, &disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Session{}, &photo.Error{Kind: photo.KindNotFound, Msg: "no such session"}
	}
	if err != nil {
		return store.Session{}, fmt.Errorf("find session: %w", failure(err))
	}
	s.Pool, s.Subject, s.Disabled = pool, subject, disabled
	return s, nil
}

// Sessions implements store.Store.
func (db *DB) Sessions(ctx context.Context, owner string, idle time.Duration) ([]store.Session, error) {
	const query = `SELECT ` + sessionColumns + ` FROM web_session w
		WHERE w.owner = ? AND w.expires_at > clock() AND w.seen_at > clock() - ? ORDER BY w.seen_at DESC, w.id`
	var sessions []store.Session
	err := db.each(ctx, query, []any{owner, micros(idle)}, func(row scanner) error {
		s, err := scanSession(row)
		sessions = append(sessions, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", failure(err))
	}
	return sessions, nil
}

// NoteSessionUse implements store.Store.
func (db *DB) NoteSessionUse(ctx context.Context, hash store.SessionHash) error {
	return db.changeSession(ctx, "note the use of a session", func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE web_session SET seen_at = ? WHERE hash = ? AND seen_at <= ?`, tx.now, hash[:], tx.now-micros(sessionUseEvery))
		return err
	})
}

// ClaimSession implements store.Store.
func (db *DB) ClaimSession(ctx context.Context, hash store.SessionHash, generation int64, lease time.Duration) (int64, error) {
	err := db.changeSession(ctx, "claim a session", func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE web_session SET generation = generation + 1, claimed_until = ? WHERE hash = ? AND generation = ? AND claimed_until <= ?`,
			tx.now+micros(lease), hash[:], generation, tx.now)
		return tx.orTaken(n, err)
	})
	return generation + 1, err
}

// RenewSession implements store.Store.
func (db *DB) RenewSession(ctx context.Context, s store.Session) error {
	return db.changeSession(ctx, "renew a session", func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `UPDATE web_session SET sealed = ?, refresh_at = ?, access_until = ?, claimed_until = 0, paused_until = 0 WHERE hash = ? AND generation = ?`,
			s.Sealed, s.RefreshAt.UnixMicro(), s.AccessUntil.UnixMicro(), s.Hash[:], s.Generation)
		return tx.orTaken(n, err)
	})
}

// PauseSession implements store.Store.
func (db *DB) PauseSession(ctx context.Context, hash store.SessionHash, generation int64, pause time.Duration) error {
	return db.changeSession(ctx, "pause a session", func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE web_session SET claimed_until = 0, paused_until = ? WHERE hash = ? AND generation = ?`,
			tx.now+micros(pause), hash[:], generation)
		return err
	})
}

// RefuseSession implements store.Store.
func (db *DB) RefuseSession(ctx context.Context, hash store.SessionHash, generation int64) error {
	return db.changeSession(ctx, "end a session", func(ctx context.Context, tx *txn) error {
		n, err := tx.exec(ctx, `DELETE FROM web_session WHERE hash = ? AND generation = ?`, hash[:], generation)
		return tx.orTaken(n, err)
	})
}

// orTaken refuses a change for which another generation was too early.
func (t *txn) orTaken(changed int64, err error) error {
	if err == nil && changed == 0 {
		return t.refuse(&photo.Error{Kind: photo.KindConflict, Msg: "another request has this session"})
	}
	return err
}

// EndSession implements store.Store.
func (db *DB) EndSession(ctx context.Context, hash store.SessionHash) error {
	return db.changeSession(ctx, "end a session", func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `DELETE FROM web_session WHERE hash = ?`, hash[:])
		return err
	})
}

// EndSessions implements store.Store.
func (db *DB) EndSessions(ctx context.Context, owner, id string) (int, error) {
	var ended int64
	err := db.changeSession(ctx, "end sessions", func(ctx context.Context, tx *txn) (err error) {
		if id == "" {
			ended, err = tx.exec(ctx, `DELETE FROM web_session WHERE owner = ?`, owner)
		} else {
			ended, err = tx.exec(ctx, `DELETE FROM web_session WHERE owner = ? AND id = ?`, owner, id)
		}
		return err
	})
	return int(ended), err
}

// ExpiredSessions implements store.Store.
func (db *DB) ExpiredSessions(ctx context.Context, idle time.Duration) error {
	return db.changeSession(ctx, "remove sessions that have ended", func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `DELETE FROM web_session WHERE expires_at <= ? OR seen_at <= ?`, tx.now, tx.now-micros(idle))
		return err
	})
}

func (db *DB) changeSession(ctx context.Context, doing string, change func(context.Context, *txn) error) error {
	if err := db.writer.write(ctx, change); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
