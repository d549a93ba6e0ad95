// Command photos puts a person's pictures on their photo service from a shell.
//
// Each file here is one command, except for env.go (everything a command may
// touch of the outside world), config.go (settings and where they came from),
// profile.go (who is signed in where), session.go (a client that is signed in),
// output.go (what goes to stdout) and report.go (errors, hints and exit codes).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A closed pipe on stdout is an error of Write here, not a signal: `photos
	// list | head -1` ends quietly with exit code 0.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(context.Background(), os.Args[1:], system()))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, e *env) int {
	root := newRoot(e)
	root.SetArgs(args)
	return e.report(root.ExecuteContext(ctx))
}

// heedSignals is a context that ends with the first Ctrl-C, which may take a command a
// moment; the second one ends the program.
func heedSignals(ctx context.Context) context.Context {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
