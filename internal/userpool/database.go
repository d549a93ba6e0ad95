package userpool

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// schema has the steps from an empty file to the current schema. N.sql leads to PRAGMA user_version N.
//
//go:embed schema
var schema embed.FS

const schemaVersion = 2

// database is the pool's SQLite file. All of the package's SQL is in methods of it.
type database struct{ *sql.DB }

func openDatabase(ctx context.Context, path string) (*database, error) {
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	source, err := dataSource(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	// SQLite has one writer at a time. With one connection, requests queue here, and none
	// fails because the database is busy.
	db.SetMaxOpenConns(1)
	d := &database{db}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

// makePrivate creates the file with mode 0600 if it does not exist, and refuses one that
// others may read. SQLite gives the same mode to its files next to it.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("others may read it (mode %#o): chmod 600 %s", mode, path)
	}
	return nil
}

// dataSource returns a data source name that sets the pragmas for every connection.
func dataSource(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, "/") {
		path = "/" + path // file:/C:/…
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	return u.String(), nil
}

func (d *database) migrate(ctx context.Context) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return fmt.Errorf("its version is %d, this program knows %d: use the program that made it", version, schemaVersion)
		}
		for version < schemaVersion {
			version++
			step, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", version))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(step)+fmt.Sprintf("PRAGMA user_version = %d;", version)); err != nil {
				return fmt.Errorf("migrating it to version %d: %w", version, err)
			}
		}
		return nil
	})
}

// tx runs do in a transaction. It rolls back if do returns an error.
func (d *database) tx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing to undo after Commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// loadOrStoreMeta returns the value of name. If it has none, it is set to the given one.
func (d *database) loadOrStoreMeta(ctx context.Context, name, value string) (string, error) {
	_, err := d.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value)
	if err != nil {
		return "", err
	}
	err = d.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	return value, err
}

func (d *database) setMeta(ctx context.Context, name, value string) error {
	_, err := d.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = ?", value, name)
	return err
}

// sweep deletes expired rows. Every sign-in calls it, so that the file does not grow with time.
func (d *database) sweep(ctx context.Context, now time.Time) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"signups", "links", "browsers", "codes", "grants"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE expires_at <= ?", now.UnixMicro()); err != nil { //nolint:gosec // the names are constants
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM sent WHERE sent_at <= ?", now.Add(-sentMemory).UnixMicro())
		return err
	})
}

// errAbsent says that there is no such row, or that it is no longer valid.
var errAbsent = errors.New("not there")

// absent replaces sql.ErrNoRows with errAbsent.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errAbsent
	}
	return err
}

// hashed returns the hash of a secret, which is what is stored. The secrets are random, so a fast hash without salt
// is enough.
func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// randomName returns n upper-case letters and digits.
func randomName(n int) string { return rand.Text()[:n] }
