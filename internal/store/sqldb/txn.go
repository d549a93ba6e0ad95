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

// A txn is the transaction a job runs in.
type txn struct {
	s       *session
	quota   store.Quota     // what each owner may have
	now     int64           // by the database's clock, microseconds
	changed bool            // the job that runs has changed something
	owners  map[string]bool // those that exist, as far as was asked
	// What the jobs so far added to what owners have, written once at the end:
	// an owner's photos mostly come together.
	counts map[string]store.Usage
}

// A refusal is the answer of a job that does not do what it was asked to, for a reason
// that the caller is told. Only a transaction makes one. When the job has changed
// something before it refuses, that is undone.
type refusal struct{ reason error }

func (r *refusal) Error() string { return r.reason.Error() }

// refuse makes the refusal for a reason; nil is none.
func (t *txn) refuse(reason error) error {
	if reason == nil {
		return nil
	}
	return &refusal{reason}
}

// refused returns the reason when err is a refusal, or nil.
func refused(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	return nil
}

// count adds more to what owner has.
func (t *txn) count(owner string, more store.Usage) {
	t.changed = true
	u := t.counts[owner]
	t.counts[owner] = store.Usage{
		Photos: u.Photos + more.Photos, Bytes: u.Bytes + more.Bytes,
		TrashedPhotos: u.TrashedPhotos + more.TrashedPhotos, TrashedBytes: u.TrashedBytes + more.TrashedBytes,
	}
}

// writeCounts ends the transaction. It goes through the owners in one order everywhere,
// so that no two transactions wait for each other.
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

// exec returns how many rows the statement changed, or found as they should be.
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

// row returns at most one row.
func (t *txn) row(ctx context.Context, query string, args ...any) scanner {
	return t.s.row(ctx, query, args...)
}

// A session is a connection that writes, with the statements that were compiled on it.
// One goroutine at a time uses it.
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

// prepared is query, compiled once in the life of the session: the queries of jobs are
// constants. The connection is in the transaction, so what it executes is too.
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
	for _, stmt := range s.stmts { // SQLite keeps a connection, and the log, as long as one is open
		problems = append(problems, stmt.Close())
	}
	return errors.Join(errors.Join(problems...), s.conn.Close())
}

// A scanner is a row, or the rows of a query at one of them.
type scanner interface{ Scan(dest ...any) error }

// failed is the row of a query that could not be asked.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
