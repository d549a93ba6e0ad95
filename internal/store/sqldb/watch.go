package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"photos/internal/photo"
)

// A watch asks a database on another machine again and again whether it answers. While
// it does not, calls fail at once, and those that wait for it are cancelled: a network
// that swallows what is sent would let them wait for minutes. A nil watch is that of a
// database that is always there.
type watch struct {
	db   *sql.DB
	stop context.CancelFunc
	done chan struct{}

	mu   sync.Mutex
	ctx  context.Context // of calls; it ends, with the reason as its cause, when the database is away
	end  context.CancelCauseFunc
	away error // why calls fail now; nil: they do not
}

// A patience says how soon a database counts as away.
type patience struct {
	every, answer time.Duration // between two questions, and for an answer
}

// usualPatience lets no request wait for much longer than 2 seconds.
var usualPatience = patience{every: 500 * time.Millisecond, answer: 1200 * time.Millisecond}

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

// note records what the database answered; nil is an answer.
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

// up returns the context of calls, or why there can be none now.
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

// within returns a context that ends with ctx, and when the database is away.
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

// awayOr returns err, or that the database is away when that is why ctx ended.
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
