package e2e

import (
	"context"
	"database/sql"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver that photosd has
)

// cmdLock is another process that writes to the database, for a while.
func cmdLock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lock DATABASE DURATION")
	}
	d, err := time.ParseDuration(args[1])
	ts.Check(err)
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
		time.Sleep(d)
		_ = conn.Close() // rolls back
		_ = db.Close()
	}()
	ts.Defer(func() { <-released })
}
