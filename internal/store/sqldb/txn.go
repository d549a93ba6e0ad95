package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"photos/internal/store"
)

// A txn is the transaction a job runs in.
type txn struct {
	w   *writer
	now int64 // by the database's clock, microseconds
	// What the jobs so far added to what owners have, written once at the end:
	// an owner's photos mostly come together.
	counts map[string]store.Usage
}

// count adds more to what owner has.
func (t *txn) count(owner string, more store.Usage) {
	u := t.counts[owner]
	t.counts[owner] = store.Usage{
		Photos: u.Photos + more.Photos, Bytes: u.Bytes + more.Bytes,
		TrashedPhotos: u.TrashedPhotos + more.TrashedPhotos, TrashedBytes: u.TrashedBytes + more.TrashedBytes,
	}
}

// writeCounts ends the transaction.
func (t *txn) writeCounts(ctx context.Context) error {
	for owner, u := range t.counts {
		_, err := t.exec(ctx, `UPDATE owner SET photos = photos + ?, bytes = bytes + ?, trashed_photos = trashed_photos + ?, trashed_bytes = trashed_bytes + ? WHERE id = ?`,
			u.Photos, u.Bytes, u.TrashedPhotos, u.TrashedBytes, owner)
		if err != nil {
			return err
		}
	}
	return nil
}

// exec returns how many rows the statement changed.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := t.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row returns at most one row.
func (t *txn) row(ctx context.Context, query string, args ...any) scanner {
	stmt, err := t.prepared(ctx, query)
	if err != nil {
		return failed{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// prepared is query, compiled once in the life of the writer's connection: the
// queries of jobs are constants. The connection is in the transaction, so what
// it executes is too. Only the writer's goroutine comes here.
func (t *txn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt := t.w.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = t.w.conn.PrepareContext(ctx, query); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		t.w.stmts[query] = stmt
	}
	return stmt, nil
}

// A scanner is a row, or the rows of a query at one of them.
type scanner interface{ Scan(dest ...any) error }

// failed is the row of a query that could not be asked.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
