package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"photos/internal/photo"
)

// sqliteDialect returns SQLite's dialect. Its clock has a resolution of a millisecond
// (sqlite.org/lang_datefunc.html, "subsec"). Only one transaction writes at a time, so rows
// need no locks.
func sqliteDialect() dialect {
	return dialect{
		goose:  goose.DialectSQLite3,
		folder: "sqlite",
		words: strings.NewReplacer(
			"clock()", `CAST(ROUND(unixepoch('now', 'subsec') * 1000) AS BIGINT) * 1000`,
			" THROUGH photo_by_run", " INDEXED BY photo_by_run",
			" THROUGH photo_by_taken", "", // it finds this way itself
			" THROUGH photo_by_uploaded", "",
			" THROUGH number", " NOT INDEXED",
			" FOR UPDATE SKIP LOCKED", "",
			" FOR UPDATE", "",
		),
		ignores:  true,
		prepares: true,
		snapshot: sql.TxOptions{ReadOnly: true},
		writers:  1,
	}
}

// openSQLite opens the database at path. It creates a file that does not exist.
func openSQLite(path string) (*backend, error) {
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	write, err := openWriter(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", failure(err))
	}
	read, err := openReaders(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", failure(err)), write.Close())
	}
	b := &backend{dialect: sqliteDialect(), name: path, write: write, read: read}
	b.lock = func(ctx context.Context) (func() error, error) { return lockFile(ctx, path+".lock") }
	b.old = b.catchUp
	b.writable = func(ctx context.Context) error { return writable(ctx, write, path) }
	return b, nil
}

// lockFile locks a file. The file is never deleted, because a process that waits for the old
// file and one that creates a new file could then both have a lock.
func lockFile(ctx context.Context, path string) (func() error, error) {
	lock := flock.New(path, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, err
	}
	return lock.Close, nil
}

// readers is how many connections read at once. SQLite's readers never wait for
// each other. More of them would only cost memory.
const readers = 8

// createFile creates the database file so that other users cannot read it. SQLite would
// create it with the mode of the umask. The -wal and -shm files get the mode of the database.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// openWriter opens the one connection that writes. A transaction takes SQLite's
// write lock when it begins (txlock). If it took the lock at the first write, it could
// fail after it has read. With synchronous=FULL a commit in WAL mode is on disk when it
// returns (sqlite.org/pragma.html#pragma_synchronous). The log is moved into the database
// when it has 4,000 pages (16 MiB) instead of 1,000: digests scatter rows over the index,
// and a page that changed many times in between is then written once.
func openWriter(path string) (*sql.DB, error) {
	db, err := openPool(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "wal_autocheckpoint(4000)"},
	})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// writable returns an error when the database cannot be written. SQLite opens such a database
// for reading, and fails at the first statement that could change something.
func writable(ctx context.Context, db *sql.DB, path string) error {
	if _, err := db.ExecContext(ctx, `UPDATE owner SET photos = 0 WHERE 1 = 0`); err != nil {
		return &photo.Error{
			Kind: photo.KindOf(failure(err)), Msg: "cannot write " + path, Err: err,
			Hint: "it must belong to the user that runs photosd, and so must the files next to it that end in -wal and -shm",
		}
	}
	return nil
}

func openReaders(path string) (*sql.DB, error) {
	db, err := openPool(path, url.Values{"_query_only": {"1"}})
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return db, nil
}

// openPool opens a pool of connections. The settings are in the data source name, because
// a PRAGMA sent to a pool would reach only one of its connections.
func openPool(path string, settings url.Values) (*sql.DB, error) {
	settings.Set("_busy_timeout", "5000") // how many milliseconds to wait for another process
	settings.Set("_dqs", "0")             // "x" in double quotes is a name, never a string
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // file:///C:/...
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: name, RawQuery: settings.Encode()}
	return sql.Open("sqlite", u.String())
}
