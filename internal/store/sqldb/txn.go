package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"photos/internal/store"
)

// A txn is the transaction in which the changes of a batch run.
type txn struct {
	s       *session
	quota   store.Quota     // of each owner
	now     int64           // when the transaction began, by the database's clock, in microseconds
	moving  bool            // a move keeps changes out
	changed bool            // the current change has already changed something
	owners  map[string]bool // the owners that are known to exist
	// What the changes of the batch do to each owner's photos. It is written once, at the
	// end, because photos that come together mostly belong to one owner.
	notes map[string]*notes
	ahead map[rowName]*asked // the rows of the changes that run now
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

// insert adds a row to a table with numbers, and returns the number of the row. added is false
// when the row is there already.
func (t *txn) insert(ctx context.Context, query string, args ...any) (number int64, added bool, err error) {
	query += onConflict
	if t.s.returns {
		err = t.row(ctx, query+` RETURNING number`, args...).Scan(&number)
	} else {
		number, err = t.insertLast(ctx, query, args...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	t.changed = t.changed || err == nil
	return number, err == nil, err
}

// insertLast returns sql.ErrNoRows when the row is there already.
func (t *txn) insertLast(ctx context.Context, query string, args ...any) (number int64, err error) {
	res, err := t.s.exec(ctx, query, args...)
	if err != nil && !t.s.ignores && isDuplicate(err) {
		return 0, sql.ErrNoRows
	}
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
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
