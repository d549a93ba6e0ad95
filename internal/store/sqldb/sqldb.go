// Package sqldb keeps the service's metadata in an SQL database: SQLite, PostgreSQL or
// MariaDB. Each statement is written once, by hand. dialect.go lists how the databases
// differ, and sqlite.go, postgres.go and mysql.go implement it. Of blobs the package
// knows only their keys.
//
// Every change goes through a writer (writer.go). It runs changes that come together as
// a batch with one commit. A commit costs one sync of the disk, whether it has one photo
// or two hundred. Reads have their own connections and see the last commit.
//
// A database on another machine may be unreachable. Then watch.go makes calls fail at
// once with photo.KindUnavailable.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// DB is a store.Store in a database.
type DB struct {
	*backend
	watch  *watch
	often  map[string]*sql.Stmt // prepared statements on read, for frequent queries
	meter  Meter
	writer *writer
	index  *indexer
	// Requests run these queries most often. They are nil for a file, which answers each one at once.
	photos   *sharedReads[rowName, record]
	disabled *sharedReads[string, bool]
	sizes    indexSizes   // of the index
	close    func() error // may be called several times
}

var _ store.Store = (*DB)(nil)

// Open opens the database of url with the other settings at their defaults.
func Open(ctx context.Context, url string) (*DB, error) { return Config{URL: url}.Open(ctx) }

// Open opens the database and migrates its tables. It creates a SQLite file that does
// not exist, but not its folder. Several processes may open the same database. While a
// database server is unreachable, Open waits for it until ctx ends.
func (c Config) Open(ctx context.Context) (*DB, error) {
	b, err := c.open()
	if err != nil {
		return nil, err
	}
	db := &DB{backend: b, often: map[string]*sql.Stmt{}, meter: c.Meter}
	if db.sizes = c.sizes; db.sizes == (indexSizes{}) {
		db.sizes = usualSizes()
	}
	if db.meter == nil {
		db.meter = noMeter{}
	}
	if err := c.start(ctx, db); err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	if b.health != nil {
		p := c.patience
		if p == (patience{}) {
			p = usualPatience()
		}
		db.watch = startWatch(b.health, p)
		db.photos = &sharedReads[rowName, record]{query: db.selectPhotos}
		db.disabled = &sharedReads[string, bool]{query: db.selectManyDisabled}
	}
	db.writer = startWriter(b, db.watch, db.meter)
	db.index = startIndexer(db)
	db.close = sync.OnceValue(func() error {
		// The watch stays until the writer is closed, because it may have to cancel
		// calls that wait for an unreachable server. The pool that writes to SQLite is
		// closed last: the last connection moves the log into the database file, and
		// a reader could not do that.
		db.index.close()
		db.writer.close()
		db.watch.close()
		return db.closePools()
	})
	return db, nil
}

// open opens the database as it is.
func (c Config) open() (*backend, error) {
	path, isFile, err := c.sqlitePath()
	switch {
	case err != nil:
		return nil, err
	case isFile:
		return openSQLite(path)
	}
	return c.openRemote()
}

// start makes the database ready for use, and waits for a server if necessary.
func (c Config) start(ctx context.Context, db *DB) error {
	ready := db.makeReady(ctx)
	if ready != nil && db.health != nil {
		ready = c.await(ctx, ready, db.makeReady)
	}
	if ready != nil {
		return ready
	}
	if db.writable != nil {
		if err := db.writable(ctx); err != nil {
			return err
		}
	}
	if err := db.prepare(ctx); err != nil {
		return fmt.Errorf("open database: %w", failure(err))
	}
	return nil
}

// makeReady checks the server and migrates the tables.
func (db *DB) makeReady(ctx context.Context) error {
	err := error(nil)
	if db.check != nil {
		err = db.check(ctx)
	}
	if err == nil {
		err = db.migrate(ctx)
	}
	if err != nil && db.blame != nil {
		err = db.blame(err)
	}
	if err != nil {
		return fmt.Errorf("migrate the tables of %s: %w", db.name, failure(err))
	}
	return nil
}

// prepare prepares the statements that requests run often.
func (db *DB) prepare(ctx context.Context) error {
	if !db.prepares {
		return nil
	}
	for _, query := range []string{selectPhoto, selectDisabled, selectKey, selectSession, selectShare, selectShared} {
		stmt, err := db.read.PrepareContext(ctx, db.statement(query))
		if err != nil {
			return err
		}
		db.often[query] = stmt
	}
	return nil
}

func (db *DB) closePools() error {
	var problems []error
	for _, stmt := range db.often {
		problems = append(problems, stmt.Close())
	}
	for _, pool := range db.pools() {
		problems = append(problems, pool.Close())
	}
	if db.health != nil { // errors of closing connections to a server do not matter: every commit is durable
		return nil
	}
	return errors.Join(problems...)
}

// Name returns the database's name in messages. It contains no secret.
func (db *DB) Name() string { return db.name }

// Ping implements store.Store.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.row(ctx, `SELECT 1 FROM owner UNION SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", failure(err))
	}
	return nil
}

// Close implements store.Store.
func (db *DB) Close() error {
	if err := db.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// micros converts a duration to the unit of the database.
func micros(d time.Duration) int64 { return d.Microseconds() }

// fromMicros converts a time of the database. It returns the zero time for NULL.
func fromMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}

// toMicros converts a time to that of the database, the zero time to NULL.
func toMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func noPhoto(id photo.ID) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no photo " + id.Short(), Hint: "'photos list' shows your photos"}
}

func noUpload(id string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no upload %.80q", id), Hint: "begin the upload again"}
}
