// Package sqldb keeps the service's metadata in an SQL database through
// database/sql: SQLite, PostgreSQL or MariaDB. Statements are written by hand, once for
// all; dialect.go says what databases do in their own ways, and sqlite.go, postgres.go
// and mysql.go how. The package knows nothing of blobs but their keys.
//
// Everything that changes something goes through a writer, which lets the calls that
// come together share a commit (writer.go): a commit is one sync of the disk, whether
// it carries one photo or two hundred. Reads have connections of their own and see the
// last commit.
//
// A database on another machine may be away. watch.go notices, and calls then fail at
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
	often  map[string]*sql.Stmt // queries on read that requests ask again and again
	writer *writer
	close  func() error // runs once
}

var _ store.Store = (*DB)(nil)

// Open opens the database that url names, with a Config of nothing else.
func Open(ctx context.Context, url string) (*DB, error) { return Config{URL: url}.Open(ctx) }

// Open opens the database, and brings its tables up to date. A SQLite file is created
// where there is none; its folder must exist. Several processes may have one database
// open. While a server is away Open waits for it, until ctx ends.
func (c Config) Open(ctx context.Context) (*DB, error) {
	path, isFile, err := c.sqlitePath()
	if err != nil {
		return nil, err
	}
	var b *backend
	if isFile {
		b, err = openSQLite(path)
	} else {
		b, err = c.openRemote()
	}
	if err != nil {
		return nil, err
	}
	db := &DB{backend: b, often: map[string]*sql.Stmt{}}
	if err := c.start(ctx, db); err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	if b.health != nil {
		p := c.patience
		if p == (patience{}) {
			p = usualPatience
		}
		db.watch = startWatch(b.health, p)
	}
	db.writer = startWriter(b, db.watch)
	db.close = sync.OnceValue(func() error {
		// The watch first, as it may cancel what waits for a server that is away.
		// The pool that writes to SQLite last: whoever is last takes the log back into
		// the one file, which a reader may not.
		db.writer.close()
		db.watch.close()
		return db.closePools()
	})
	return db, nil
}

// start makes the database ready for use.
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

// makeReady checks the server and brings the tables up to date.
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
		return fmt.Errorf("bring the tables of %s up to date: %w", db.name, failure(err))
	}
	return nil
}

// prepare compiles the queries that many requests ask.
func (db *DB) prepare(ctx context.Context) error {
	if !db.prepares {
		return nil
	}
	for _, query := range []string{selectPhoto, selectDisabled, selectKey} {
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
	if db.health != nil { // a server that is away is no reason to fail; what was committed is there
		return nil
	}
	return errors.Join(problems...)
}

// Name is what messages call the database. There is no secret in it.
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

// micros is how times and durations lie in the database.
func micros(d time.Duration) int64 { return d.Microseconds() }

// fromMicros is the inverse for a column that may be NULL: the zero time.
func fromMicros(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}

// toMicros is the inverse of fromMicros.
func toMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func noPhoto(id photo.ID) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no photo " + id.Short(), Hint: "photos list shows what you have"}
}

func noUpload(id string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no upload %.80q", id), Hint: "begin the upload again"}
}
