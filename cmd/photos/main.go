// Command photos puts a user's pictures on a photo service from a shell.
//
// Each command is in a file of its own, cmd_NAME.go. The others have what commands share;
// docs/layout.md lists them.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	// So a closed pipe on stdout is an error of Write, and not a signal: photos list | head -1
	// ends with exit code 0 and no message.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(runCommand(context.Background(), os.Args[1:], system()))
}

// runCommand executes one command line and returns its exit code.
func runCommand(ctx context.Context, args []string, e *env) int {
	root := newRoot(e, args)
	if slices.Contains(args, "--no-color") { // also for a mistake in the arguments
		e.Color = false
	}
	root.SetArgs(args)
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		completeValues(e, root)
	}
	return e.report(e.finishJQ(root.ExecuteContext(ctx)))
}

// withSignals returns a context that ends with the first Ctrl-C. The command may need a
// moment to stop then. A second Ctrl-C ends the program at once.
func withSignals(ctx context.Context) context.Context {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}
