// Package sqldb keeps the service's metadata in an SQL database through
// database/sql: SQLite now. The statements are written by hand and keep to what
// PostgreSQL and MariaDB understand too; what is SQLite's own is in sqlite.go and
// in migrations. It knows nothing of blobs but their keys.
//
// Everything that changes something goes through one goroutine, which lets the
// calls that come together share a commit (writer.go): a commit is one sync of
// the disk, whether it carries one photo or two hundred. Reads have connections
// of their own and see the last commit.
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
	read     *sql.DB
	get      *sql.Stmt // selectPhoto on read: each upload asks
	disabled *sql.Stmt // selectDisabled on read: each request of a user asks
	key      *sql.Stmt // selectKey on read: each request with an access key asks
	writer   *writer
	close    func() error // runs once
}

var _ store.Store = (*DB)(nil)

// Open opens the database that url names, "sqlite:PATH", creates it where there
// is none (PATH's folder must exist), and brings its tables up to date. Several
// processes may have one database open.
func Open(ctx context.Context, url string) (*DB, error) {
	path, err := sqlitePath(url)
	if err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	write, err := openWriter(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", failure(err))
	}
	if err := migrate(ctx, write, path); err != nil {
		return nil, errors.Join(fmt.Errorf("bring the tables of %s up to date: %w", path, failure(err)), write.Close())
	}
	if err := writable(ctx, write, path); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := openReaders(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", failure(err)), write.Close())
	}
	db := &DB{read: read}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", failure(err)), read.Close(), write.Close())
	}
	if db.writer, err = startWriter(ctx, write); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", failure(err)), db.closeReaders(), write.Close())
	}
	db.close = sync.OnceValue(func() error {
		// The writer last: whoever is last takes the log back into the one file,
		// which a reader may not.
		return errors.Join(db.closeReaders(), db.writer.close())
	})
	return db, nil
}

// prepare compiles the queries that many requests ask.
func (db *DB) prepare(ctx context.Context) error {
	for stmt, query := range map[**sql.Stmt]string{&db.get: selectPhoto, &db.disabled: selectDisabled, &db.key: selectKey} {
		var err error
		if *stmt, err = db.read.PrepareContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) closeReaders() error {
	return errors.Join(db.get.Close(), db.disabled.Close(), db.key.Close(), db.read.Close())
}

// Ping implements store.Store.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.read.QueryRowContext(ctx, `SELECT 1 FROM owner UNION SELECT 1`).Scan(&one); err != nil {
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
