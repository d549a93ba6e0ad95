package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

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
	var onPostgres, onSQLite []*site
	for range b.runs + 1 {
		var p, s *site
		if p, err = b.siteOn(ctx, db, pool); err == nil {
			onPostgres = append(onPostgres, p)
			s, err = b.site(ctx, false)
		}
		if err != nil {
			break
		}
		onSQLite = append(onSQLite, s)
	}
	if err == nil {
		err = rest(ctx)
	}
	if err == nil {
		var p paired
		p, err = b.pairs(uploadsTo(ctx, &onPostgres, dir, n), uploadsTo(ctx, &onSQLite, dir, n))
		if err == nil {
			p.report("upload "+c.name+" to PostgreSQL", "SQLite")
		}
	}
	for _, s := range slices.Concat(onPostgres, onSQLite) {
		_, stopErr := s.stop()
		err = errors.Join(err, stopErr)
	}
	return err
}

// rest waits until ext4 uses the inodes of deleted files again: without a journal it looks past them
// for a minute, one by one, and the migrations of a new database on PostgreSQL delete many files.
func rest(ctx context.Context) error {
	if err := exec.CommandContext(ctx, "sync").Run(); err != nil {
		return err
	}
	select {
	case <-time.After(65 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// uploadsTo returns a function that uploads the folder dir to the first of the sites, and removes and
// stops that: a site makes small pictures after an upload.
func uploadsTo(ctx context.Context, sites *[]*site, dir string, n int) func() (figure, error) {
	return func() (figure, error) {
		s := (*sites)[0]
		*sites = (*sites)[1:]
		f, err := timed(s.photos(ctx, "upload", "--quiet", dir))
		if err == nil {
			err = s.holds(ctx, n)
		}
		_, stopErr := s.stop()
		return f, errors.Join(err, stopErr)
	}
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
