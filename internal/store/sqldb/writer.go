package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

const (
	// maxBatch is how many changes may share a commit. It bounds how long the first of
	// them waits for the last.
	maxBatch = 256

	// turnTime is how long a batch may take before another lane begins the next one.
	turnTime = 20 * time.Millisecond

	// maxAttempts is how often a transaction is tried when another transaction has ended
	// it, or when its connection is lost.
	maxAttempts = 5
	// pause is the mean time before the first retry. Later retries wait longer.
	pause = 10 * time.Millisecond

	// sessionLife is how long a connection is used. After a failover an old connection may
	// lead to a server that has become a read-only replica.
	sessionLife = 3 * time.Minute
)

// A writer makes changes to the database in batches. While one batch is being committed,
// the changes of the next one arrive. They share a transaction, and each caller gets its own
// result once that is committed. SQLite has one transaction at a time. Other databases
// have a few, so that a transaction that waits for a lock does not stop the others, and the next
// one can begin while one commits.
type writer struct {
	b       *backend
	watch   *watch
	meter   Meter
	quota   atomic.Pointer[store.Quota]
	changes chan *change  // unbuffered: a change that was sent will be answered
	turn    chan struct{} // holds the turn to begin a batch
	waiting atomic.Int64  // callers whose change no batch has taken yet
	quit    chan struct{} // closed: no more changes are accepted
	ended   sync.WaitGroup
}

// A change is one caller's change of the database. When the commit of its batch fails, it
// may run again, so it must set its results and not add to them. It may refuse with
// txn.refuse: then the rest of the batch goes on. Any other error rolls back the transaction.
type change struct {
	ctx    context.Context
	do     func(ctx context.Context, tx *txn) error
	anyway bool    // also while a move keeps changes out
	adds   *newRow // the photo that it adds, if any
	err    error
	fault  error         // err, unless it is a refusal
	done   chan struct{} // closed when err is set
}

// errClosed is the error of calls after Close.
var errClosed = &photo.Error{Kind: photo.KindUnavailable, Msg: "the database is closed"}

func startWriter(b *backend, w *watch, m Meter) *writer {
	writer := &writer{b: b, watch: w, meter: m, changes: make(chan *change), turn: make(chan struct{}, 1), quit: make(chan struct{})}
	writer.turn <- struct{}{}
	for range b.writers {
		writer.ended.Go((&lane{writer: writer}).run)
	}
	return writer
}

// write runs do in the transaction of a batch, and returns once the change is durable or
// refused. If ctx ends while the change waits for a batch, the change is not made. Once
// the batch has begun, write waits for the result.
func (w *writer) write(ctx context.Context, do func(context.Context, *txn) error) error {
	return w.writeChange(ctx, &change{ctx: ctx, do: do, done: make(chan struct{})})
}

// writeNew is write for a change that adds a photo.
func (w *writer) writeNew(ctx context.Context, adds *newRow, do func(context.Context, *txn) error) error {
	return w.writeChange(ctx, &change{ctx: ctx, do: do, adds: adds, done: make(chan struct{})})
}

// writeAnyway is write, but also works while a move keeps changes out.
func (w *writer) writeAnyway(ctx context.Context, do func(context.Context, *txn) error) error {
	return w.writeChange(ctx, &change{ctx: ctx, do: do, anyway: true, done: make(chan struct{})})
}

func (w *writer) writeChange(ctx context.Context, c *change) error {
	start := time.Now()
	if err := w.send(ctx, c); err != nil {
		called(w.meter, "write", start, err)
		return err
	}
	<-c.done
	called(w.meter, "write", start, c.fault)
	return failure(c.err)
}

// send waits until a batch takes c.
func (w *writer) send(ctx context.Context, c *change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	up, err := w.watch.up()
	if err != nil {
		return err
	}
	w.waiting.Add(1)
	defer w.waiting.Add(-1)
	select {
	case w.changes <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-up.Done():
		return context.Cause(up)
	case <-w.quit:
		return errClosed
	}
}

// limit returns the quota of each owner.
func (w *writer) limit() store.Quota {
	if q := w.quota.Load(); q != nil {
		return *q
	}
	return store.Quota{}
}

func (w *writer) close() {
	close(w.quit)
	w.ended.Wait()
}

// A lane is one of the writer's goroutines. It has its own connection and runs one batch
// at a time. The lanes take turns. A lane ends its turn when it commits its batch, or when the batch takes
// long. If they all took changes at once, each would get few of them, and most of the work of a
// transaction is the same for few changes as for many.
type lane struct {
	*writer
	endTurn func()    // may be called more than once
	session *session  // nil until it is needed
	born    time.Time // when the session was opened
}

func (l *lane) run() {
	defer func() { _ = l.closeSession() }()
	for {
		select {
		case <-l.turn:
		case <-l.quit:
			return
		}
		select {
		case c := <-l.changes:
			l.endTurn = sync.OnceFunc(func() { l.turn <- struct{}{} })
			late := time.AfterFunc(turnTime, l.endTurn)
			l.runBatch(c)
			late.Stop()
			l.endTurn()
		case <-l.quit:
			return
		}
	}
}

// runBatch runs first and the changes that are waiting in one transaction. When one of them
// makes the transaction fail, each gets its own transaction, so that only that one fails.
// When the database makes it fail (a full disk, a lock), all of them fail.
func (l *lane) runBatch(first *change) {
	batch, start := []*change{first}, time.Now()
	err := l.transact(func(ctx context.Context, tx *txn) error {
		batch = l.addWaiting(batch)
		for i := 0; i < len(batch); i++ {
			if batch[i].adds != nil && !tx.isAhead(batch[i]) {
				if err := tx.insertAhead(ctx, batch[i:]); err != nil {
					return err
				}
			}
			if err := batch[i].run(ctx, tx); err != nil {
				return err
			}
			batch = l.addWaiting(batch)
		}
		return nil
	})
	l.meter.Commit(len(batch), time.Since(start), fault(err))
	for _, c := range batch {
		switch {
		case err == nil:
		case len(batch) == 1 || refused(err) == nil && photo.KindOf(failure(err)) != photo.KindInternal:
			c.err = err
		default:
			c.err = cmp.Or(l.runAlone(c), c.err)
		}
		if reason := refused(c.err); reason != nil {
			c.err = reason
		} else {
			c.fault = c.err
		}
		close(c.done)
	}
}

// runAlone runs a change in its own transaction.
func (l *lane) runAlone(c *change) error {
	start := time.Now()
	err := l.transact(c.run)
	l.meter.Commit(1, time.Since(start), fault(err))
	return err
}

// run makes the change. It returns a refusal only when the transaction has to be rolled back.
func (c *change) run(ctx context.Context, tx *txn) error {
	if c.err = nil; !tx.isAhead(c) {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return nil //nolint:nilerr // the caller gets the error; the batch goes on
	}
	tx.changed = false
	if tx.moving && !c.anyway {
		c.err = tx.refuse(errMoving)
		return nil
	}
	err := c.do(ctx, tx)
	if refused(err) != nil && !tx.changed {
		c.err = err
		return nil
	}
	return err
}

// addWaiting adds the changes that are waiting to the batch, as many as it may have.
func (l *lane) addWaiting(batch []*change) []*change {
	for len(batch) < maxBatch {
		select {
		case c := <-l.changes:
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

// transact runs do in a transaction, and commits unless do returns an error. A transaction
// belongs to several callers, so it has none of their contexts: it ends early only when the
// database is unreachable. transact retries after failures that are transient.
func (l *lane) transact(do func(context.Context, *txn) error) error {
	for attempt := 1; ; attempt++ {
		ctx, err := l.watch.up()
		if err != nil {
			return err
		}
		uncommitted := true
		err = l.attempt(ctx, do, &uncommitted)
		if err == nil || refused(err) != nil {
			return err
		}
		if _, away := l.watch.up(); away != nil { // err only says that ctx ended
			return errors.Join(away, l.closeSession())
		}
		transient := isTransient(err)
		if isStale(err) || transient {
			_ = l.closeSession() // the connection may be broken already
		}
		if !transient || !uncommitted || attempt == maxAttempts {
			return err
		}
		time.Sleep(rand.N(2 * pause * time.Duration(attempt)))
	}
}

// attempt runs and commits a transaction once. It sets uncommitted to false when it fails
// although the transaction may have been committed.
func (l *lane) attempt(ctx context.Context, do func(context.Context, *txn) error, uncommitted *bool) error {
	if err := l.openSession(ctx); err != nil {
		return err
	}
	tx, err := l.session.conn.BeginTx(ctx, &sql.TxOptions{Isolation: l.b.isolation})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &txn{s: l.session, quota: l.limit(), owners: map[string]bool{}, notes: map[string]*notes{}, ahead: map[rowName]*asked{}}
	var until int64
	if err := t.row(ctx, selectClock).Scan(&t.now, &until); err != nil {
		return joinProblem(fmt.Errorf("read the clock: %w", err), tx.Rollback())
	}
	t.moving = until > t.now
	err = do(ctx, t)
	if err == nil {
		err = t.writeNotes(ctx)
	}
	if err != nil {
		return joinProblem(err, tx.Rollback())
	}
	l.endTurn()
	if err := tx.Commit(); err != nil {
		*uncommitted = isAnswer(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// joinProblem adds the error of a rollback to the error that led to it, unless it only
// says that the connection or the transaction was already gone.
func joinProblem(err, rollback error) error {
	if rollback == nil || errors.Is(rollback, sql.ErrTxDone) || !isAnswer(rollback) {
		return err
	}
	return errors.Join(err, rollback)
}

// openSession opens a session unless there is one that can still be used.
func (l *lane) openSession(ctx context.Context) error {
	if l.session != nil && l.watch != nil && time.Since(l.born) > sessionLife {
		_ = l.closeSession() // an error does not matter: the server may be gone
	}
	if l.session != nil {
		return nil
	}
	conn, err := l.b.write.Conn(ctx)
	if err != nil {
		return err
	}
	l.session, l.born = &session{dialect: &l.b.dialect, conn: conn, stmts: map[string]*sql.Stmt{}}, time.Now()
	return nil
}

// closeSession closes the session. A connection to another machine is closed with it.
func (l *lane) closeSession() error {
	if l.session == nil {
		return nil
	}
	if l.watch != nil {
		_ = l.session.conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool does not reuse it
	}
	err := l.session.close()
	l.session = nil
	return err
}
