package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"photos/internal/store"
)

// A txn is the transaction in which the changes of a batch run.
type txn struct {
	s       *session
	quota   store.Quota     // of each owner
	now     int64           // when the transaction began, by the database's clock, in microseconds
	changed bool            // the current change has already changed something
	owners  map[string]bool // the owners that are known to exist
	// What the changes of the batch add to each owner's usage. It is written once, at the
	// end, because photos that come together mostly belong to one owner.
	counts map[string]store.Usage
}

// A refusal is the error of a change that is not made. The caller gets its reason. Only a
// transaction makes one. Whatever the change has done before it refuses is undone.
type refusal struct{ reason error }

func (r *refusal) Error() string { return r.reason.Error() }

// refuse returns a refusal for the reason, or nil if the reason is nil.
func (t *txn) refuse(reason error) error {
	if reason == nil {
		return nil
	}
	return &refusal{reason}
}

// refused returns the reason if err is a refusal, or nil.
func refused(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	return nil
}

// count adds more to the usage of owner.
func (t *txn) count(owner string, more store.Usage) {
	t.changed = true
	u := t.counts[owner]
	t.counts[owner] = store.Usage{
		Photos: u.Photos + more.Photos, Bytes: u.Bytes + more.Bytes,
		TrashedPhotos: u.TrashedPhotos + more.TrashedPhotos, TrashedBytes: u.TrashedBytes + more.TrashedBytes,
	}
}

// writeCounts writes the counts at the end of the transaction. Every transaction updates
// owners in the same order, so that two of them cannot wait for each other.
func (t *txn) writeCounts(ctx context.Context) error {
	for _, owner := range slices.Sorted(maps.Keys(t.counts)) {
		u := t.counts[owner]
		_, err := t.exec(ctx, `UPDATE owner SET photos = photos + ?, bytes = bytes + ?, trashed_photos = trashed_photos + ?, trashed_bytes = trashed_bytes + ? WHERE id = ?`,
			u.Photos, u.Bytes, u.TrashedPhotos, u.TrashedBytes, owner)
		if err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement and returns how many rows it matched.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.s.exec(ctx, query, args...)
	if err != nil && !t.s.ignores && strings.HasSuffix(query, onConflict) && isDuplicate(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	t.changed = t.changed || n > 0
	return n, err
}

// row runs a query for at most one row.
func (t *txn) row(ctx context.Context, query string, args ...any) scanner {
	return t.s.row(ctx, query, args...)
}

// each asks query, which is asked too seldom to be compiled, and gives each row to note.
func (t *txn) each(ctx context.Context, query string, args []any, note func(scanner) error) error {
	return eachRow(ctx, t.s.conn, t.s.statement(query), t.s.arguments(args), note)
}

// A session is a connection that writes, with the statements prepared on it. Only one
// goroutine at a time may use it.
type session struct {
	*dialect
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (s *session) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	args = s.arguments(args)
	if !s.prepares {
		return s.conn.ExecContext(ctx, s.statement(query), args...)
	}
	stmt, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *session) row(ctx context.Context, query string, args ...any) scanner {
	args = s.arguments(args)
	if !s.prepares {
		return s.conn.QueryRowContext(ctx, s.statement(query), args...)
	}
	stmt, err := s.prepared(ctx, query)
	if err != nil {
		return failed{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// prepared returns the statement of query, which is prepared once per session. Statements run
// in the transaction, because their connection is in it.
func (s *session) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt := s.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = s.conn.PrepareContext(ctx, s.statement(query)); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		s.stmts[query] = stmt
	}
	return stmt, nil
}

func (s *session) close() error {
	var problems []error
	for _, stmt := range s.stmts { // an open statement would keep SQLite's connection and log open
		problems = append(problems, stmt.Close())
	}
	return errors.Join(errors.Join(problems...), s.conn.Close())
}

// A scanner is one row of a query.
type scanner interface{ Scan(dest ...any) error }

// failed is the row of a query that could not be run.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
