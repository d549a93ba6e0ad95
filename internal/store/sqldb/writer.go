package sqldb

import (
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
	// maxGroup bounds how many jobs share a commit, and so how long the first of
	// them waits for the last.
	maxGroup = 256

	// attempts is how often a transaction is tried that another one has stopped, or
	// whose connection turned out to be gone.
	attempts = 5
	// pause is the mean time before the second attempt; later ones wait longer.
	pause = 10 * time.Millisecond

	// sessionLife is how long a connection is used: after a fail-over an old one may
	// lead to a server that has become a copy.
	sessionLife = 3 * time.Minute
)

// A writer runs jobs that change the database. While a commit is on its way to the
// disk the next jobs gather; they then share a transaction, and each learns its own
// result once that is committed. SQLite has one transaction at a time; of other
// databases a few are used, so that one that waits for a lock does not hold up all.
type writer struct {
	b     *backend
	watch *watch
	quota atomic.Pointer[store.Quota]
	jobs  chan *job     // unbuffered: a job that was sent will be answered
	quit  chan struct{} // closed: take no more jobs
	ended sync.WaitGroup
}

// A job changes the database. It may be run again when the commit it shared
// failed, so it sets its results and does not add to them. It may refuse, by
// txn.refuse; its neighbours' commit then goes on. Any other error undoes the
// transaction.
type job struct {
	ctx  context.Context
	do   func(ctx context.Context, tx *txn) error
	err  error
	done chan struct{} // closed when err holds
}

// errClosed is what a call gets that comes too late.
var errClosed = &photo.Error{Kind: photo.KindUnavailable, Msg: "the database is closed"}

func startWriter(b *backend, w *watch) *writer {
	writer := &writer{b: b, watch: w, jobs: make(chan *job), quit: make(chan struct{})}
	for range b.writers {
		writer.ended.Go((&lane{writer: writer}).run)
	}
	return writer
}

// write has do run in a transaction, shared with others, and returns once it is
// durable or refused. A ctx that ends stops a job only while it is waiting for
// its turn: once begun, the result is known and worth the wait.
func (w *writer) write(ctx context.Context, do func(context.Context, *txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	up, err := w.watch.up()
	if err != nil {
		return err
	}
	j := &job{ctx: ctx, do: do, done: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-up.Done():
		return context.Cause(up)
	case <-w.quit:
		return errClosed
	}
	<-j.done
	return failure(j.err)
}

// limit is what each owner may have.
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

// A lane is one of a writer's goroutines with its connection.
type lane struct {
	*writer
	session *session // nil: to be opened
	born    time.Time
}

func (l *lane) run() {
	defer func() { _ = l.end() }()
	for {
		select {
		case j := <-l.jobs:
			l.group(j)
		case <-l.quit:
			return
		}
	}
}

// group runs first and whatever else is waiting in one transaction. When a job
// spoils it, each gets a transaction of its own, so that nobody fails for
// another's sake; when the disk or a lock does, trying again at once is no use.
func (l *lane) group(first *job) {
	g := []*job{first}
	err := l.transact(func(ctx context.Context, tx *txn) error {
		for i := 0; i < len(g); i++ {
			if err := g[i].run(ctx, tx); err != nil {
				return err
			}
			if len(g) < maxGroup {
				g = l.gather(g)
			}
		}
		return nil
	})
	for _, j := range g {
		switch {
		case err == nil:
		case len(g) == 1 || refused(err) == nil && photo.KindOf(failure(err)) != photo.KindInternal:
			j.err = err
		default:
			if err := l.transact(j.run); err != nil {
				j.err = err
			}
		}
		if reason := refused(j.err); reason != nil {
			j.err = reason
		}
		close(j.done)
	}
}

// run does j. It keeps a refusal to itself, unless there is something to undo.
func (j *job) run(ctx context.Context, tx *txn) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil //nolint:nilerr // the job has its error; the transaction goes on
	}
	tx.changed = false
	err := j.do(ctx, tx)
	if refused(err) != nil && !tx.changed {
		j.err = err
		return nil
	}
	return err
}

// gather adds a job to g if one is waiting.
func (l *lane) gather(g []*job) []*job {
	select {
	case j := <-l.jobs:
		return append(g, j)
	default:
		return g
	}
}

// transact commits what do did, unless it returned an error. It has no caller's
// context, as a transaction belongs to many: it ends when the database is away.
// What could not be committed for a reason that passes is tried again.
func (l *lane) transact(do func(context.Context, *txn) error) error {
	for attempt := 1; ; attempt++ {
		ctx, err := l.watch.up()
		if err != nil {
			return err
		}
		sure := true // nothing was committed
		err = l.once(ctx, do, &sure)
		if err == nil || refused(err) != nil {
			return err
		}
		if _, away := l.watch.up(); away != nil { // the error only says that ctx ended
			return errors.Join(away, l.end())
		}
		again := passes(err)
		if isStale(err) || again {
			_ = l.end() // what closing a broken connection says is nobody's news
		}
		if !again || !sure || attempt == attempts {
			return err
		}
		time.Sleep(rand.N(2 * pause * time.Duration(attempt)))
	}
}

// once is one attempt. sure is false when it failed and may have been committed.
func (l *lane) once(ctx context.Context, do func(context.Context, *txn) error, sure *bool) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	tx, err := l.session.conn.BeginTx(ctx, &sql.TxOptions{Isolation: l.b.isolation})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &txn{s: l.session, quota: l.limit(), owners: map[string]bool{}, counts: map[string]store.Usage{}}
	if err := t.row(ctx, `SELECT clock()`).Scan(&t.now); err != nil {
		return joinProblem(fmt.Errorf("read the clock: %w", err), tx.Rollback())
	}
	err = do(ctx, t)
	if err == nil {
		err = t.writeCounts(ctx)
	}
	if err != nil {
		return joinProblem(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		*sure = isAnswer(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// joinProblem adds what a rollback said to the error that led to it, unless the
// connection or the transaction was gone already.
func joinProblem(err, rollback error) error {
	if rollback == nil || errors.Is(rollback, sql.ErrTxDone) || !isAnswer(rollback) {
		return err
	}
	return errors.Join(err, rollback)
}

// open sees to it that there is a session.
func (l *lane) open(ctx context.Context) error {
	if l.session != nil && l.watch != nil && time.Since(l.born) > sessionLife {
		_ = l.end() // its server may be gone
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

// end closes the session, and its connection too, if it is to another machine.
func (l *lane) end() error {
	if l.session == nil {
		return nil
	}
	if l.watch != nil {
		_ = l.session.conn.Raw(func(any) error { return driver.ErrBadConn }) // the pool is not to keep it
	}
	err := l.session.close()
	l.session = nil
	return err
}
