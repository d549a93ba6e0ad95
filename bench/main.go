// Command bench measures what docs/numbers.md reports. Everything runs on this
// machine over loopback; each run of ours is paired with a run of the floor (or
// of rclone, when it is on PATH) right before it, and the ratios of the pairs
// are what counts: absolute figures of a shared machine do not travel.
//
//	bench [-runs N] [-scale F] [-only start,token,login,list,A,B,C,requests,again,library,huge,searches,pages,millionSQLite,millionPostgres,millionMariaDB,postgres,bucketA,bucketB,bucketC,bucketMemory,renditions,thumbnails,metadata,queueA,queueB]
//
// Corpora, at scale 1: A is 200 photos of 4 MiB, B 5,000 of 60 KiB, C 4 videos
// of 512 MiB; all distinct and incompressible, with real headers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"photos/internal/testkit/dbserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch { // servers and the floor's client, as processes of their own
		case args[0] == "floor-serve" && len(args) == 2:
			return floorServe(ctx, args[1])
		case args[0] == "fill-library" && len(args) == 3:
			return fillLibrary(ctx, args[1], args[2])
		case args[0] == "discard-serve" && len(args) == 2:
			return discardServe(ctx, args[1])
		case args[0] == "queue-serve" && len(args) == 3:
			return queueServe(ctx, args[1], args[2])
		case args[0] == "floor-put" && len(args) == 3:
			return floorPut(ctx, args[1], args[2], floorConns)
		case args[0] == "bucket-put" && len(args) == 4:
			return bucketPut(ctx, args[1], args[2], args[3], floorConns)
		}
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	runs := f.Int("runs", 5, "counted runs of each pair")
	scale := f.Float64("scale", 1, "size of the corpora")
	only := f.String("only", "start,token,login,list,A,B,C,requests,again,library,huge,searches,pages,millionSQLite,millionPostgres,millionMariaDB,postgres,bucketA,bucketB,bucketC,bucketMemory,renditions,thumbnails,metadata,queueA,queueB", "what to measure")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *runs < 1 || *scale <= 0 || *scale > 1 || f.NArg() > 0 {
		return errors.New("want -runs of at least 1 and -scale from 0 to 1")
	}
	b, err := prepare(ctx, *runs, *scale)
	if err != nil {
		return err
	}
	defer b.close()
	wanted := strings.Split(*only, ",")
	for _, m := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"start", b.start},
		{"token", b.token},
		{"login", b.login},
		{"list", b.list},
		{"A", func(ctx context.Context) error { return b.upload(ctx, corpora[0]) }},
		{"B", func(ctx context.Context) error { return b.upload(ctx, corpora[1]) }},
		{"C", func(ctx context.Context) error { return b.upload(ctx, corpora[2]) }},
		{"requests", b.requests},
		{"again", b.again},
		{"library", b.library},
		{"huge", b.huge},
		{"searches", b.searches},
		{"millionSQLite", b.millionSQLite},
		{"millionPostgres", func(ctx context.Context) error { return b.millionServer(ctx, dbserver.Postgres) }},
		{"millionMariaDB", func(ctx context.Context) error { return b.millionServer(ctx, dbserver.MariaDB) }},
		{"pages", b.pages},
		{"postgres", b.postgres},
		{"bucketA", func(ctx context.Context) error { return b.bucket(ctx, corpora[0]) }},
		{"bucketB", func(ctx context.Context) error { return b.bucket(ctx, corpora[1]) }},
		{"bucketC", func(ctx context.Context) error { return b.bucket(ctx, corpora[2]) }},
		{"bucketMemory", b.bucketMemory},
		{"renditions", b.renditions},
		{"thumbnails", b.thumbnails},
		{"metadata", b.metadata},
		{"queueA", func(ctx context.Context) error { return b.queue(ctx, corpora[0]) }},
		{"queueB", func(ctx context.Context) error { return b.queue(ctx, corpora[1]) }},
	} {
		if !slices.Contains(wanted, m.name) {
			continue
		}
		if err := m.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}
