package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/move"
	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/store/sqldb"
)

// The variables of the URL of the database to move to.
const (
	toVariable     = "PHOTOSD_TO_DATABASE_URL"
	toFileVariable = "PHOTOSD_TO_DATABASE_URL_FILE"
)

// moveAll runs 'photosd move'. It prints how many rows each table of the new database has.
func moveAll(ctx context.Context, s *settings, stdout io.Writer, talk *talk) error {
	if err := s.noArguments(); err != nil {
		return err
	}
	to, err := s.target()
	if err != nil {
		return err
	}
	sum, err := moveBetween(ctx, s, to, talk)
	if err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(sum.Rows)) {
		if _, err := fmt.Fprintf(stdout, "%s\t%d\n", table, sum.Rows[table]); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	talk.say("photosd: everything is moved; %d photos were copied in this run", sum.Photos)
	if sum.Damaged > 0 {
		talk.say("photosd: %d photos had no sound bytes and are marked as damaged; 'photos upload' of the same files repairs them", sum.Damaged)
	}
	talk.say("photosd: stop the old service and start the new one with the new settings; unfinished uploads begin again")
	return nil
}

// target returns the settings of the service to move to.
func (s *settings) target() (*settings, error) {
	switch {
	case s.file() == "":
		return nil, badSetting("%s names a server: only the photos of a SQLite database can be moved", s.given.source("database-url"))
	case s.bucket.bucket != "":
		return nil, badSetting("%s is given: only photos in a folder can be moved", s.given.source("bucket"))
	case s.local() && !s.force:
		return nil, &photo.Error{
			Kind: photo.KindUsage, Msg: "the accounts of this service are local, and a service with a database server has those of a user pool",
			Hint: "give the pool's settings (--pool-id, --client-id); with --force only the access keys of local accounts work at the new service",
		}
	case s.toData != "" && s.toBucket != "":
		return nil, badSetting("--to-data and --to-bucket are both given")
	}
	to := &settings{given: s.given, getenv: s.getenv}
	to.data = s.data
	var err error
	if to.database, err = s.targetDatabase(); err != nil {
		return nil, err
	}
	if s.toData != "" {
		data, err := filepath.Abs(s.toData)
		if err != nil {
			return nil, badSetting("--to-data: %v", err)
		}
		to.data = data
	}
	to.bucket.bucket, to.checksums = s.toBucket, s.checksums
	to.pathStyle = s.getenv("AWS_ENDPOINT_URL") != "" || s.getenv("AWS_ENDPOINT_URL_S3") != ""
	return to, nil
}

// targetDatabase returns the database to move to. Its URL comes from the flag, a variable, or a file.
func (s *settings) targetDatabase() (database, error) {
	d := database{url: strings.TrimSpace(s.toDatabase), caFile: s.caFile, sources: map[sqldb.Part]string{}}
	source := "--to-database-url"
	if d.url != "" && hasPassword(d.url) {
		return d, badSetting("%s has a password, which every user of this machine can see: give it as %s or %s", source, toVariable, toFileVariable)
	}
	if d.url == "" {
		d.url, source = strings.TrimSpace(s.getenv(toVariable)), toVariable
	}
	if d.url == "" {
		text, err := secretFile(s.getenv, toFileVariable)
		if err != nil {
			return d, err
		}
		d.url, source = text, toFileVariable
	}
	if d.url == "" {
		return d, badSetting("--to-database-url is missing")
	}
	if u, err := url.Parse(d.url); err != nil || !slices.Contains([]string{"postgres", "postgresql", "mysql", "mariadb"}, u.Scheme) {
		return d, badSetting("%s is not of the form postgres://USER@HOST/NAME or mysql://USER@HOST/NAME", source)
	}
	for _, part := range []sqldb.Part{sqldb.PartURL, sqldb.PartUser, sqldb.PartPassword, sqldb.PartName, sqldb.PartTLS, sqldb.PartCA} {
		d.sources[part] = source
	}
	return d, nil
}

// moveBetween opens both services' stores and moves.
func moveBetween(ctx context.Context, s, to *settings, talk *talk) (sum move.Sum, err error) {
	var from, target daemon
	defer func() { err = errors.Join(err, target.Close(), from.Close()) }()
	source, err := openExisting(ctx, s, talk)
	if err != nil {
		return sum, s.named(err)
	}
	from.close = append(from.close, source.Close)
	if err := s.mustHaveFiles(); err != nil {
		return sum, err
	}
	if err := from.openFolder(s); err != nil {
		return sum, err
	}
	db, err := to.config(talk.say).Open(ctx)
	if err != nil {
		return sum, to.named(err)
	}
	target.close = append(target.close, db.Close)
	m := move.Mover{
		From: source, FromName: source.Name(), FromBlobs: from.blobs,
		To: db, ToName: db.Name(), Say: talk.say,
		CopyRows: func(ctx context.Context) (map[string]int64, error) { return db.CopyFrom(ctx, source, to.movesBytes(s)) },
	}
	if to.movesBytes(s) {
		if err := target.openTarget(ctx, to, db, talk); err != nil {
			return sum, err
		}
		m.ToBlobs = target.blobs
	}
	return m.Run(ctx)
}

// movesBytes reports whether the files do not stay where they are.
func (s *settings) movesBytes(from *settings) bool {
	return s.data != from.data || s.bucket.bucket != ""
}

// openTarget opens the folder or the bucket that the bytes are moved to.
func (d *daemon) openTarget(ctx context.Context, s *settings, db *sqldb.DB, talk *talk) error {
	if s.bucket.bucket == "" {
		lock, err := openData(s.data, "")
		if err != nil {
			return err
		}
		d.close = append(d.close, lock.Close)
	}
	return errors.Join(d.openFolder(s), d.openBucket(ctx, s, db, talk))
}

// settled refuses a database whose photos were moved to another one, or are being moved to it.
func settled(ctx context.Context, db *sqldb.DB, force bool, talk *talk) error {
	m, err := db.Move(ctx)
	if err != nil {
		return err
	}
	msg, hint := "", ""
	switch m.State {
	case store.Unmoved, store.Frozen, store.Arrived:
		return nil
	case store.Leaving, store.Moved:
		msg = "the photos of " + db.Name() + " were moved to " + m.Other
		hint = "start photosd with that database; with --force it uses this one, and what changes here is not there"
	case store.Arriving:
		msg = "the photos of " + m.Other + " are not all in " + db.Name()
		hint = "run 'photosd move' again until it says that everything is moved; --force uses what there is"
	}
	if !force {
		return &photo.Error{Kind: photo.KindConflict, Msg: msg, Hint: hint}
	}
	talk.say("warning: %s", msg)
	return db.SetMove(ctx, store.Move{}, 0)
}
