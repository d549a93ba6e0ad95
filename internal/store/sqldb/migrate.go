package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pressly/goose/v3"

	"photos/internal/photo"
)

// migrations has a folder for each dialect. Its first file, the baseline, creates the tables.
// Each later change has a file of the same number in every folder. The folder before has
// the migrations of older SQLite databases to the baseline.
//
//go:embed migrations
var migrations embed.FS

// migrate runs the migrations that the database does not have yet. A lock makes processes
// that start together take turns. It is not needed when the tables are current.
func (b *backend) migrate(ctx context.Context) (err error) {
	p, err := b.provider(b.folder)
	if err != nil {
		return err
	}
	if current, err := b.isCurrent(ctx, p); current || err != nil {
		return err
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if b.old != nil && version > 0 && version < p.ListSources()[0].Version {
		if err := b.old(ctx, p.ListSources()[0].Version); err != nil {
			return err
		}
	}
	_, err = p.Up(ctx)
	return err
}

// isCurrent reports whether the tables have all migrations. It refuses tables of a newer program.
func (b *backend) isCurrent(ctx context.Context, p *goose.Provider) (bool, error) {
	sources := p.ListSources()
	newest := sources[len(sources)-1].Version
	var version sql.NullInt64
	err := b.write.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version)
	if err != nil { // the table does not exist yet; any other problem makes the next statement fail
		return false, ctx.Err()
	}
	if version.Int64 > newest {
		return false, &photo.Error{
			Kind: photo.KindConflict, Msg: fmt.Sprintf("the database %s was made by a newer photosd: its tables have version %d, and this program supports versions up to %d", b.name, version.Int64, newest),
			Hint: "run the newer photosd, or restore a backup from before it ran",
		}
	}
	var applied int
	err = b.write.QueryRowContext(ctx, `SELECT COUNT(*) FROM goose_db_version WHERE version_id >= `+fmt.Sprint(sources[0].Version)).Scan(&applied)
	return applied == len(sources), err
}

// provider returns the migrations of a folder. Their numbers are not in the order in which they
// were added, so a database may lack one before its newest.
func (b *backend) provider(folder string) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(b.goose, b.write, files, goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// A Migration changes the tables from one version to the next.
type Migration struct {
	Version int64
	Name    string
	Applied bool // the database has it
}

// Migrations returns the migrations that this program knows, and whether the database has them. It
// changes nothing, but makes a SQLite file where there is none. Like Open it waits for a server.
func (c Config) Migrations(ctx context.Context) (list []Migration, err error) {
	b, err := c.open()
	if err != nil {
		return nil, err
	}
	db := &DB{backend: b}
	defer func() { err = errors.Join(err, db.closePools()) }()
	read := func(ctx context.Context) error {
		if db.check != nil {
			err = db.check(ctx)
		}
		if err == nil {
			list, err = db.migrations(ctx)
		}
		if err != nil && db.blame != nil {
			err = db.blame(err)
		}
		if err != nil {
			return fmt.Errorf("read the version of the tables of %s: %w", db.name, failure(err))
		}
		return nil
	}
	err = read(ctx)
	if err != nil && db.health != nil {
		err = c.await(ctx, err, read)
	}
	return list, err
}

func (b *backend) migrations(ctx context.Context) ([]Migration, error) {
	p, err := b.provider(b.folder)
	if err != nil {
		return nil, err
	}
	if _, err := b.isCurrent(ctx, p); err != nil {
		return nil, err
	}
	applied := map[int64]bool{}
	err = eachRow(ctx, b.write, `SELECT version_id FROM goose_db_version`, nil, func(row scanner) error {
		var version int64
		err := row.Scan(&version)
		applied[version] = true
		return err
	})
	if err != nil && !isNoTable(err) { // a new database has no tables yet
		return nil, err
	}
	var list []Migration
	for _, source := range p.ListSources() {
		_, name, _ := strings.Cut(strings.TrimSuffix(path.Base(source.Path), ".sql"), "_")
		list = append(list, Migration{Version: source.Version, Name: name, Applied: applied[source.Version]})
	}
	return list, nil
}

// catchUp migrates a SQLite database from before the baseline to it.
func (b *backend) catchUp(ctx context.Context, baseline int64) error {
	p, err := b.provider("before")
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	_, err = b.write.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)`, baseline)
	return err
}
