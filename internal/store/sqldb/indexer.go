package sqldb

import (
	"context"
	"time"
)

// An indexer keeps what searches look in up to date, in the background.
type indexer struct {
	db    *DB
	stop  context.CancelFunc
	ended chan struct{}
}

// indexPause is how long an indexer waits before it looks for work again.
const indexPause = time.Minute

func startIndexer(db *DB) *indexer {
	ctx, stop := context.WithCancel(context.Background())
	x := &indexer{db: db, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(x.ended)
		x.run(ctx)
	}()
	return x
}

func (x *indexer) close() {
	x.stop()
	<-x.ended
}

func (x *indexer) run(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := x.db.refold(ctx); err == nil && n > 0 {
			continue
		}
		select { // after an error too: the database may be away
		case <-time.After(indexPause):
		case <-ctx.Done():
		}
	}
}
