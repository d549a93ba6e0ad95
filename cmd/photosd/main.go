// Command photosd is the photo service.
//
// Without settings it serves only this machine, with SQLite, photos in a data folder and a
// local user pool. With the settings of an Amazon Cognito user pool it accepts the accounts
// of that pool.
//
// This package reads the settings in groups (flags.go, settings.go, database.go, pool.go,
// limits.go), prepares the data folder (data.go), sets up sign-in (signin.go), puts the parts
// together (daemon.go), starts and stops them (serve.go), and writes to standard error
// (talk.go). The command 'photosd account' lists, disables and enables accounts (account.go).
package main

import (
	"context"
	"encoding/json"
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

// run serves until ctx ends, or runs a command. It returns the exit code: 0 after a normal stop, 2
// when the settings are wrong, 3 when 'photosd check' found something, 1 when anything failed.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	format := formatText
	if askedForJSON(args, getenv) {
		format = formatJSON
	}
	talk := newTalk(stderr, format)
	set, err := parseSettings(args, getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, helpOf(set.words))
	case err == nil && set.version:
		err = printVersion(ctx, set, stdout, talk)
	case err == nil && len(set.words) > 0:
		err = commands()[set.words[0]].run(ctx, set, stdout, talk)
	case err == nil:
		err = serve(ctx, set, stdout, talk)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) { // the signal came before the service was ready
			err = nil
		}
	}
	if err == nil {
		return 0
	}
	if err == errDifferent { //nolint:errorlint // alone, it is only an answer
		return 3
	}
	talk.fail(err)
	if photo.KindOf(err) == photo.KindUsage {
		return 2
	}
	return 1
}

// printVersion runs the command version. With --json it prints all that is known about the build.
func printVersion(_ context.Context, s *settings, stdout io.Writer, _ *talk) error {
	if err := s.noArguments(); err != nil {
		return err
	}
	if s.json {
		return json.NewEncoder(stdout).Encode(buildinfo.Read())
	}
	_, err := fmt.Fprintf(stdout, "photosd version %s\n", buildinfo.Version())
	return err
}
