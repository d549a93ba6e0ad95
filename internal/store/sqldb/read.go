package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// row runs a query for at most one row.
func (db *DB) row(ctx context.Context, query string, args ...any) scanner {
	start := time.Now()
	ctx, done, err := db.watch.within(ctx)
	if err != nil {
		called(db.meter, "row", start, err)
		return failed{err}
	}
	call := oneRow{ctx: ctx, done: done, meter: db.meter, start: start}
	if stmt := db.often[query]; stmt != nil {
		if db.watch == nil { // a file answers at once, and a context that can end costs two goroutines per query
			call.ctx = context.WithoutCancel(ctx)
		}
		call.row = stmt.QueryRowContext(call.ctx, db.arguments(args)...)
	} else {
		call.row = db.read.QueryRowContext(ctx, db.statement(query), db.arguments(args)...)
	}
	return call
}

// oneRow is a row that is read when it is scanned, which ends the call.
type oneRow struct {
	ctx   context.Context // of the call
	row   *sql.Row
	done  context.CancelFunc
	meter Meter
	start time.Time
}

// Scan implements scanner.
func (r oneRow) Scan(dest ...any) error {
	defer r.done()
	err := awayOr(r.ctx, r.row.Scan(dest...))
	called(r.meter, "row", r.start, err)
	return err
}

// inSnapshot runs several queries that see the same commit. Otherwise two queries, one for photos and
// one for uploads, could both miss a photo whose upload finishes between them.
func (db *DB) inSnapshot(ctx context.Context, do func(*reading) error) (err error) {
	start := time.Now()
	defer func() { called(db.meter, "snapshot", start, err) }()
	ctx, done, err := db.watch.within(ctx)
	if err != nil {
		return err
	}
	defer done()
	tx, err := db.read.BeginTx(ctx, &db.snapshot)
	if err != nil {
		return awayOr(ctx, err)
	}
	err = do(&reading{db, ctx, tx})
	return awayOr(ctx, errors.Join(err, ended(tx.Rollback())))
}

// ended returns err, but nil when it says that the transaction has already ended with its context.
func ended(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// each runs query and passes each row to note.
func (db *DB) each(ctx context.Context, query string, args []any, note func(scanner) error) (err error) {
	start := time.Now()
	defer func() { called(db.meter, "rows", start, err) }()
	ctx, done, err := db.watch.within(ctx)
	if err != nil {
		return err
	}
	defer done()
	return awayOr(ctx, eachRow(ctx, db.read, db.statement(query), db.arguments(args), note))
}

// A reading runs several queries in one snapshot.
type reading struct {
	db  *DB
	ctx context.Context // of the call
	tx  *sql.Tx
}

func (r *reading) row(query string, args ...any) scanner {
	return r.tx.QueryRowContext(r.ctx, r.db.statement(query), r.db.arguments(args)...)
}

func (r *reading) each(query string, args []any, note func(scanner) error) error {
	return eachRow(r.ctx, r.tx, r.db.statement(query), r.db.arguments(args), note)
}

type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// errEnough ends eachRow without an error.
var errEnough = errors.New("no more rows are wanted")

func eachRow(ctx context.Context, a asker, query string, args []any, note func(scanner) error) error {
	rows, err := a.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := note(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return rows.Err()
}
