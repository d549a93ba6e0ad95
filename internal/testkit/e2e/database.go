package e2e

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver that photosd has

	"photos/internal/testkit/dbserver"
)

type databaseKey struct{}

// databaseSettings are the variables that cmdDatabase sets, and that photosd is started with.
func databaseSettings() []string {
	return []string{"DATABASE_URL", "DATABASE_ENGINE", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_DB_NAME"}
}

// cmdDatabase runs a database server of the script's own, with an empty database photos.
func cmdDatabase(ts *testscript.TestScript, neg bool, args []string) {
	s, _ := ts.Value(databaseKey{}).(*database)
	switch {
	case !neg && len(args) == 2 && args[0] == "start":
		s.start(ts, dbserver.Engine(args[1]))
	case neg || len(args) != 1 || s.server == nil:
		ts.Fatalf("usage: database start postgres|mysql, or of one that was started: database parts|kill|run|freeze|thaw")
	case args[0] == "parts":
		s.parts(ts)
	case args[0] == "kill":
		ts.Check(s.server.Kill())
	case args[0] == "run":
		ts.Check(s.server.Run(context.Background()))
	case args[0] == "freeze":
		ts.Check(s.server.Freeze())
	case args[0] == "thaw":
		ts.Check(s.server.Thaw())
	default:
		ts.Fatalf("database %s: unknown", args[0])
	}
}

// database is a script's database server.
type database struct {
	server *dbserver.Server
	url    string
}

// start sets DATABASE_URL.
func (d *database) start(ts *testscript.TestScript, e dbserver.Engine) {
	var err error
	d.server, err = dbserver.Start(context.Background(), e)
	ts.Check(err)
	d.url, err = d.server.Create(context.Background(), "photos")
	ts.Check(err)
	ts.Setenv("DATABASE_URL", d.url)
}

// parts sets the variables of the parts of the URL instead, and leads over loopback.
func (d *database) parts(ts *testscript.TestScript) {
	u, err := url.Parse(d.url)
	ts.Check(err)
	password, _ := u.User.Password()
	for name, value := range map[string]string{
		"DATABASE_URL": "", "DATABASE_ENGINE": u.Scheme, "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": d.server.Port,
		"DATABASE_USER": u.User.Username(), "DATABASE_PASSWORD": password, "DATABASE_DB_NAME": strings.TrimPrefix(u.Path, "/"),
	} {
		ts.Setenv(name, value)
	}
}

func (d *database) end() {
	if d.server != nil {
		_ = d.server.Close()
	}
}

// cmdLock is another process that writes to the database, for a while or until something is in a file.
func cmdLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: lock DATABASE DURATION, or lock DATABASE FILE REGEXP")
	}
	enough := lockedFor(ts, args[1:])
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	ts.Check(err)
	_, err = conn.ExecContext(ctx, "PRAGMA busy_timeout = 5000")
	ts.Check(err)
	_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	ts.Check(err)
	released := make(chan struct{})
	go func() {
		defer close(released)
		for end := time.Now().Add(startTime); !enough() && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		_ = conn.Close() // rolls back
		_ = db.Close()
	}()
	ts.Defer(func() { <-released })
}

// lockedFor returns what reports that a lock was held for long enough.
func lockedFor(ts *testscript.TestScript, args []string) func() bool {
	if len(args) == 1 {
		d, err := time.ParseDuration(args[0])
		ts.Check(err)
		end := time.Now().Add(d)
		return func() bool { return time.Now().After(end) }
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	file := ts.MkAbs(args[0])
	return func() bool { return matches(file, pattern) > 0 }
}

// cmdLater lets days pass: the files below the data folder of a stopped service become that
// much older, and its unfinished uploads have that much less time.
func cmdLater(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: later DATA DAYS")
	}
	data, passed := ts.MkAbs(args[0]), time.Duration(numbers(ts, args[1:], 0)[0])*24*time.Hour
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "photos.db"))
	ts.Check(err)
	_, claimed := db.ExecContext(context.Background(), "UPDATE task SET held_until = held_until - ?1, done_at = done_at - ?1", passed.Microseconds())
	_, err = db.ExecContext(context.Background(), "UPDATE upload SET expires_at = expires_at - ?1, leased_until = leased_until - ?1", passed.Microseconds())
	ts.Check(errors.Join(claimed, err, db.Close()))
	for _, dir := range []string{"uploads", "blobs"} {
		ts.Check(filepath.WalkDir(filepath.Join(data, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			modified := info.ModTime().Add(-passed)
			return os.Chtimes(path, modified, modified)
		}))
	}
}
