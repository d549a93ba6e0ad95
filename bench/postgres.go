package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"photos/internal/testkit/dbserver"
)

// postgres compares uploads to PostgreSQL and a folder with uploads to SQLite and a folder. The
// database server syncs what it commits.
func (b *bench) postgres(ctx context.Context) error {
	if !dbserver.Installed(dbserver.Postgres) {
		fmt.Printf("%-28s PostgreSQL is not installed: not measured\n", "upload to PostgreSQL")
		return nil
	}
	db, err := dbserver.Start(ctx, dbserver.Postgres)
	if err != nil {
		return err
	}
	err = errors.Join(db.Kill(), db.Run(ctx, "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "shared_buffers=128MB"))
	pool := (*server)(nil)
	if err == nil {
		pool, err = b.startPool(ctx)
	}
	for _, c := range corpora[:2] {
		if err == nil {
			err = b.uploadToPostgres(ctx, db, pool, c)
		}
	}
	if pool != nil {
		_, stopErr := pool.stop()
		err = errors.Join(err, stopErr)
	}
	return errors.Join(err, db.Close())
}

func (b *bench) uploadToPostgres(ctx context.Context, db *dbserver.Server, pool *server, c corpus) error {
	dir, n, err := b.files(c)
	if err != nil {
		return err
	}
	into := func(open func() (*site, error)) func() (figure, error) {
		return func() (figure, error) {
			s, err := open()
			if err != nil {
				return figure{}, err
			}
			f, err := timed(s.photos(ctx, "upload", "--quiet", dir))
			if err == nil {
				err = s.holds(ctx, n)
			}
			_, stopErr := s.stop()
			return f, errors.Join(err, stopErr)
		}
	}
	p, err := b.pairs(
		into(func() (*site, error) { return b.siteOn(ctx, db, pool) }),
		into(func() (*site, error) { return b.site(ctx, false) }))
	if err == nil {
		p.report("upload "+c.name+" to PostgreSQL", "SQLite")
	}
	return err
}

// siteOn is site with a new database on a server, and with accounts of a pool.
func (b *bench) siteOn(ctx context.Context, db *dbserver.Server, pool *server) (*site, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	database, err := db.Create(ctx, filepath.Base(dir))
	if err != nil {
		return nil, err
	}
	domain, err := url.Parse(pool.addr)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photosd"), "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--log-level", "error",
		"--issuer", pool.addr, "--domain", domain.Scheme+"://"+domain.Host, "--client-id", "cli")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+database)
	return b.signedIn(ctx, cmd, dir, "--insecure-storage")
}
