// Command photosd is the photo service.
//
// Without settings it serves this machine: SQLite and photos in a data folder,
// and a user pool of its own. With those of an Amazon Cognito user pool it
// accepts that pool's accounts. This package reads settings in groups (flags.go,
// settings.go, database.go, pool.go, limits.go), prepares the data folder (data.go), makes
// what signs people in (signin.go), puts the parts together (service.go), starts and
// stops them (serve.go), and writes to standard error (talk.go). With the word account
// it shuts accounts out instead (account.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"photos/internal/buildinfo"
	"photos/internal/photo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	limitMemory(os.Getenv)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run serves until ctx ends and returns the exit code: 0 after a stop that was
// asked for, 2 when the settings make no sense, 1 when something failed.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	format := formatText
	if askedForJSON(args, getenv) {
		format = formatJSON
	}
	talk := newTalk(stderr, format)
	set, err := parseSettings(args, getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, help())
	case err == nil && set.version:
		_, err = fmt.Fprintf(stdout, "photosd version %s\n", buildinfo.Version())
	case err == nil && len(set.words) > 0:
		err = account(ctx, set, stdout, talk)
	case err == nil:
		err = serve(ctx, set, stdout, talk)
	}
	if err == nil {
		return 0
	}
	talk.fail(err)
	if photo.KindOf(err) == photo.KindUsage {
		return 2
	}
	return 1
}
