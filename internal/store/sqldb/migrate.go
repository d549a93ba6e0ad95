package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"photos/internal/photo"
)

// The tables. Each dialect has a folder that begins with a baseline; later changes have
// a file of the same number in each. before has the way from older SQLite databases to
// the baseline.
//
//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date. Processes that start together take turns; one
// that finds the tables as they should be asks for no lock.
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

// isCurrent reports whether the tables are those of this program. It refuses those of a newer one.
func (b *backend) isCurrent(ctx context.Context, p *goose.Provider) (bool, error) {
	sources := p.ListSources()
	newest := sources[len(sources)-1].Version
	var version sql.NullInt64
	err := b.write.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version)
	if err != nil { // there is no such table yet; whatever else is wrong is found next
		return false, ctx.Err()
	}
	if version.Int64 > newest {
		return false, &photo.Error{
			Kind: photo.KindConflict, Msg: fmt.Sprintf("the database %s was made by a newer photosd: its tables have version %d, and this one knows up to %d", b.name, version.Int64, newest),
			Hint: "run that version again, or restore a backup of before it",
		}
	}
	var applied int
	err = b.write.QueryRowContext(ctx, `SELECT COUNT(*) FROM goose_db_version WHERE version_id >= `+fmt.Sprint(sources[0].Version)).Scan(&applied)
	return applied == len(sources), err
}

func (b *backend) provider(folder string, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(b.goose, b.write, files, append(options, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))...)
}

// catchUp takes a SQLite database from before the baseline to it, by the changes of that time.
func (b *backend) catchUp(ctx context.Context, baseline int64) error {
	p, err := b.provider("before", goose.WithAllowOutofOrder(true)) // their numbers are not in the order in which they came
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	_, err = b.write.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)`, baseline)
	return err
}
