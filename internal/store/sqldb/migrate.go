package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
)

// The tables, one statement a file: MariaDB ends a transaction with each.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date. Processes that start together take
// turns by a lock file, which stays: deleting it would let two locks exist.
func migrate(ctx context.Context, db *sql.DB, path string) (err error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
