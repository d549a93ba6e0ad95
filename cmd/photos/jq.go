package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"photos/internal/photo"
)

// startJQ sends the results of the command, as JSON Lines, through the program jq. The library that
// could take its place makes tables when a program starts, and would slow down every command.
func (e *env) startJQ() error {
	if e.set.JQ == "" {
		return nil
	}
	path, err := exec.LookPath("jq")
	if err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "--jq needs the program jq, which is not installed", Hint: "install jq, for example with apt install jq or brew install jq"}
	}
	cmd := exec.Command(path, "--raw-output", "--compact-output", "--unbuffered", " "+e.set.JQ) //nolint:noctx // it ends with its input; the space keeps a minus from being an option
	cmd.Stderr = e.Err
	// jq ends silently when nobody reads what it prints, unless it inherits that the signal is
	// ignored. Reset would not undo Ignore, but Notify does.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	end, err := e.Out.Through(cmd)
	signal.Ignore(syscall.SIGPIPE)
	e.endJQ = end
	return err
}

// finishJQ waits for jq, and returns the error of the command or that of jq. A command whose
// output jq does not take, because it has ended, ends like one whose reader went away.
func (e *env) finishJQ(err error) error {
	if e.endJQ == nil {
		return err
	}
	ended := e.endJQ()
	if failed, ok := errors.AsType[*exec.ExitError](ended); ok && failed.ExitCode() > 0 && (err == nil || errors.Is(err, syscall.EPIPE)) {
		failure := &photo.Error{Kind: photo.KindUsage, Msg: "--jq: jq refused the expression or a result", Hint: "jq said why above; photos help json lists the fields"}
		if strings.HasPrefix(strings.TrimSpace(e.set.JQ), ".[") {
			failure.Hint = "jq gets one object per result, and not a list of them: .name instead of .[].name"
		}
		return failure
	}
	return err
}
