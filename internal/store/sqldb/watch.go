package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"photos/internal/photo"
)

// A watch pings a database on another machine regularly. While the database does not
// answer, new calls fail at once and waiting calls are cancelled. In a network that drops
// packets they would otherwise wait for minutes. A nil watch is for a database that is
// always reachable.
type watch struct {
	db   *sql.DB
	stop context.CancelFunc
	done chan struct{}

	mu   sync.Mutex
	ctx  context.Context // of calls; ends with the reason as its cause when the database is unreachable
	end  context.CancelCauseFunc
	away error // why the database is unreachable; nil: it is reachable
}

// A patience says how soon a database counts as unreachable.
type patience struct {
	every  time.Duration // between two pings
	answer time.Duration // how long to wait for an answer
}

// usualPatience lets no call wait for much longer than 2 seconds.
func usualPatience() patience {
	return patience{every: 500 * time.Millisecond, answer: 1200 * time.Millisecond}
}

func startWatch(db *sql.DB, p patience) *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{db: db, stop: stop, done: make(chan struct{})}
	w.ctx, w.end = context.WithCancelCause(context.Background())
	go w.run(ctx, p)
	return w
}

func (w *watch) run(ctx context.Context, p patience) {
	defer close(w.done)
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		timed, cancel := context.WithTimeout(ctx, p.answer)
		err := w.db.PingContext(timed)
		cancel()
		if ctx.Err() == nil {
			w.note(err)
		}
	}
}

// note records the result of a ping.
func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.away = unreachable(err)
		w.end(w.away)
	case w.away != nil:
		w.away = nil
		w.ctx, w.end = context.WithCancelCause(context.Background())
	}
}

// up returns the context of calls, or the reason why the database is unreachable.
func (w *watch) up() (context.Context, error) {
	if w == nil {
		return context.Background(), nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ctx, w.away
}

func (w *watch) close() {
	if w != nil {
		w.stop()
		<-w.done
	}
}

// within returns a context that ends when ctx ends or when the database becomes unreachable.
func (w *watch) within(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if w == nil {
		return ctx, func() {}, nil
	}
	up, err := w.up()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	detach := context.AfterFunc(up, func() { cancel(context.Cause(up)) })
	return ctx, func() { detach(); cancel(nil) }, nil
}

// awayOr returns the reason why the database is unreachable if that has ended ctx. Otherwise it
// returns err.
func awayOr(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var away *photo.Error
	if errors.As(context.Cause(ctx), &away) {
		return away
	}
	return err
}
