package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"photos/internal/photo"
	"photos/internal/store"
)

// maxGroup bounds how many jobs share a commit, and so how long the first of
// them waits for the last.
const maxGroup = 256

// A writer runs jobs that change the database, all on one connection. While a
// commit is on its way to the disk the next jobs gather; they then share a
// transaction, and each learns its own result once that is committed.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn            // the one connection of db, held for life
	stmts map[string]*sql.Stmt // of conn
	quota atomic.Pointer[store.Quota]
	jobs  chan *job     // unbuffered: a job that was sent will be answered
	quit  chan struct{} // closed: take no more jobs
	ended chan struct{} // closed: the goroutine is gone
}

// A job changes the database. It may be run again when the commit it shared
// failed, so it sets its results and does not add to them. It may refuse, with a
// *photo.Error, only while it has changed nothing: its neighbours' commit goes
// on. Any other error undoes the transaction.
type job struct {
	ctx  context.Context
	do   func(ctx context.Context, tx *txn) error
	err  error
	done chan struct{} // closed when err holds
}

// errClosed is what a call gets that comes too late.
var errClosed = &photo.Error{Kind: photo.KindUnavailable, Msg: "the database is closed"}

func startWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		db:    db,
		conn:  conn,
		stmts: map[string]*sql.Stmt{},
		jobs:  make(chan *job),
		quit:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// write has do run in a transaction, shared with others, and returns once it is
// durable or refused. A ctx that ends stops a job only while it is waiting for
// its turn: once begun, the result is known and worth the wait.
func (w *writer) write(ctx context.Context, do func(context.Context, *txn) error) error {
	j := &job{ctx: ctx, do: do, done: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
	<-j.done
	return failure(j.err)
}

func (w *writer) close() error {
	close(w.quit)
	<-w.ended
	var problems []error
	for _, stmt := range w.stmts { // SQLite keeps a connection, and the log, as long as one is open
		problems = append(problems, stmt.Close())
	}
	return errors.Join(errors.Join(problems...), w.conn.Close(), w.db.Close())
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case j := <-w.jobs:
			w.group(j)
		case <-w.quit:
			return
		}
	}
}

// group runs first and whatever else is waiting in one transaction. When a job
// spoils it, each gets a transaction of its own, so that nobody fails for
// another's sake; when the disk or a lock does, trying again at once is no use.
func (w *writer) group(first *job) {
	g := []*job{first}
	err := w.transact(func(ctx context.Context, tx *txn) error {
		for i := 0; i < len(g); i++ {
			if err := g[i].run(ctx, tx); err != nil {
				return err
			}
			if len(g) < maxGroup {
				g = w.gather(g)
			}
		}
		return nil
	})
	for _, j := range g {
		switch {
		case err == nil:
		case len(g) == 1 || photo.KindOf(failure(err)) != photo.KindInternal:
			j.err = err
		default:
			if err := w.transact(j.run); err != nil {
				j.err = err
			}
		}
		close(j.done)
	}
}

// run does j and keeps a refusal to itself.
func (j *job) run(ctx context.Context, tx *txn) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil //nolint:nilerr // the job has its error; the transaction goes on
	}
	err := j.do(ctx, tx)
	var refusal *photo.Error
	if errors.As(err, &refusal) {
		j.err = err
		return nil
	}
	return err
}

// gather adds a job to g if one is waiting.
func (w *writer) gather(g []*job) []*job {
	select {
	case j := <-w.jobs:
		return append(g, j)
	default:
		return g
	}
}

// transact commits what do did, unless it returned an error. It has no
// caller's context: a transaction belongs to many.
func (w *writer) transact(do func(context.Context, *txn) error) error {
	ctx := context.Background()
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &txn{w: w, counts: map[string]store.Usage{}}
	if err := t.row(ctx, `SELECT `+clock).Scan(&t.now); err != nil {
		return errors.Join(fmt.Errorf("read the clock: %w", err), tx.Rollback())
	}
	err = do(ctx, t)
	if err == nil {
		err = t.writeCounts(ctx)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
