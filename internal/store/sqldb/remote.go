package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"photos/internal/photo"
)

const (
	remoteWriters = 4  // how many transactions write at a time
	remoteReaders = 12 // how many connections read; with the writers, a move and the watch there are 18

	// connLife is how long a connection is used. After that a new one finds a server that has replaced the old one.
	connLife = 3 * time.Minute
	connIdle = time.Minute
	dialTime = 1500 * time.Millisecond

	// firstWait and lastWait bound the pause before Open retries to reach the database.
	firstWait = 250 * time.Millisecond
	lastWait  = 5 * time.Second
)

// openRemote makes the connection pools of a server. It does not connect yet.
func (c Config) openRemote() (*backend, error) {
	a, err := c.address()
	if err != nil {
		return nil, err
	}
	var b *backend
	var dial driver.Connector
	switch a.engine {
	case "postgres":
		b, dial, err = openPostgres(a)
	default:
		b, dial, err = openMySQL(a)
	}
	if err != nil {
		return nil, err
	}
	b.name = a.where()
	// Each lane of the writer keeps a connection. CopyFrom needs one more.
	b.write, b.read, b.health = pool(dial, remoteWriters+1), pool(dial, remoteReaders), pool(dial, 1)
	return b, nil
}

func pool(dial driver.Connector, connections int) *sql.DB {
	db := sql.OpenDB(dial)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(connLife)
	db.SetConnMaxIdleTime(connIdle)
	return db
}

// await retries start until it succeeds, or fails for a reason that does not pass. err is the error
// of the first attempt.
func (c Config) await(ctx context.Context, err error, start func(context.Context) error) error {
	said := ""
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		var setting *SettingError
		var kind *photo.Error
		if err == nil || ctx.Err() != nil || errors.As(err, &setting) || !errors.As(failure(err), &kind) || kind.Kind != photo.KindUnavailable {
			return err
		}
		if c.Waiting != nil && kind.Msg != said {
			said = kind.Msg
			c.Waiting(kind)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		err = start(ctx)
	}
}

// tooOld returns the error for a server that lacks statements that photosd needs.
func tooOld(got, want string) error {
	return wrong(PartURL, "the database server is %s; photosd needs at least %s", got, want)
}

// first runs the first query of a connection, with a time limit.
func first(ctx context.Context, db *sql.DB, query string, dest ...any) error {
	timed, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := db.QueryRowContext(timed, query).Scan(dest...)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return unreachable(fmt.Errorf("no answer within 10 s: %w", err))
	}
	return err
}
