package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// The exit codes. docs/exit-codes.md explains them, and a test compares both.
const (
	exitDone        = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitNotSignedIn = 4
	exitSomeFailed  = 5
	exitUnavailable = 6
	exitKeyring     = 7
	exitInterrupted = 130
)

// exitCodes gives each kind of failure its exit code. A kind that is not here has
// exitFailure.
var exitCodes = map[photo.Kind]int{
	photo.KindUsage:       exitUsage,
	photo.KindAmbiguous:   exitUsage,
	photo.KindNotFound:    exitNotFound,
	photo.KindNotSignedIn: exitNotSignedIn,
	photo.KindUnavailable: exitUnavailable,
	photo.KindStorageFull: exitUnavailable,
	photo.KindKeyring:     exitKeyring,
	photo.KindInterrupted: exitInterrupted,
}

// exitCode returns the code of a single failure.
func exitCode(err error) int {
	if code, ok := exitCodes[photo.KindOf(err)]; ok {
		return code
	}
	return exitFailure
}

// reported is an error whose lines have been printed already. Only its exit code is left.
type reported struct{ code int }

func (r reported) Error() string { return fmt.Sprintf("exit code %d", r.code) }

// report prints the error that ended the run and returns the exit code.
func (e *env) report(err error) int {
	var done reported
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.As(err, &done):
		return done.code
	}
	err = e.nameTokenVariable(withKind(err))
	switch {
	case photo.KindOf(err) == photo.KindInterrupted:
		e.Say("photos: interrupted")
	case e.pointAt(err):
	default:
		printError(e.Console, "", err, photo.HintOf(err))
	}
	return exitCode(err)
}

// pointAt shows on a terminal where a filter is wrong, instead of counting its characters. It
// reports whether it has printed the error.
func (e *env) pointAt(err error) bool {
	var wrong *filter.SyntaxError
	if !errors.As(err, &wrong) || !e.Err.Terminal {
		return false
	}
	before, found := strings.CutSuffix(err.Error(), wrong.Error())
	lines, fits := term.Pointer(wrong.Text, wrong.At, e.Width())
	if !found || !fits {
		return false
	}
	e.Say("photos: %s%s", before, wrong.Err.Msg)
	for _, line := range lines {
		e.Say("%s", line)
	}
	if wrong.Err.Hint != "" {
		e.Say("hint: %s", wrong.Err.Hint)
	}
	return true
}

// printError prints a failure of the subject: one line with the error, and one with the hint.
func printError(c *term.Console, subject string, err error, hint string) {
	if subject == "" {
		c.Fail("%s", err)
	} else {
		c.Fail("%s: %s", subject, err)
	}
	if hint != "" {
		c.Hint("%s", hint)
	}
}

// tally counts the items of a call. If the call has one item, its failure ends the call with
// its own exit code. If it has several, each failure is printed, the others are still done,
// and the call ends with exitSomeFailed, or with exitUsage when no line fits its format.
// A tally is safe for concurrent use.
type tally struct {
	console       *term.Console
	atOnce        bool // a failure is printed when it happens, even if there is only one item
	mu            sync.Mutex
	items, failed int
	malformed     int    // failed items that are lines which do not fit their format
	subject       string // of the first failure, while it may be that of the only item
	first         error
	hints         map[string]bool // that were printed
}

// done counts an item. err is nil when it succeeded.
func (t *tally) done(subject string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items++
	if t.items == 2 && t.first != nil && !t.atOnce {
		t.print(t.subject, t.first)
	}
	if err == nil {
		return
	}
	err = withKind(err)
	if isMalformed(err) {
		t.malformed++
	}
	if t.failed++; t.items == 1 && !t.atOnce {
		t.subject, t.first = subject, err
		return
	}
	t.print(subject, err)
}

// print prints a failure. A hint that many failures share, apart from their subjects, is printed
// once.
func (t *tally) print(subject string, err error) {
	hint := photo.HintOf(err)
	kind := strings.ReplaceAll(hint, subject, "\x00")
	if t.hints[kind] {
		hint = ""
	}
	if t.hints == nil {
		t.hints = map[string]bool{}
	}
	t.hints[kind] = true
	printError(t.console, subject, err, hint)
}

// printFirst prints the failure of the only item so far. It is for a run that something
// else ended.
func (t *tally) printFirst() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.items == 1 && t.first != nil {
		t.print(t.subject, t.first)
	}
}

// end returns the error of the call.
func (t *tally) end() error {
	switch {
	case t.failed == 0:
		return nil
	case t.items == 1 && !t.atOnce:
		return about(t.subject, t.first)
	case t.malformed == t.items:
		return reported{exitUsage}
	}
	return reported{exitSomeFailed}
}

// about adds the name of the item to a failure and keeps its kind and hint.
func about(subject string, err error) error {
	if subject == "" || photo.EndsRun(withKind(err)) {
		return err // it concerns no item, or more than this one
	}
	return fmt.Errorf("%s: %w", subject, err)
}

// withKind gives an error of a library its kind.
func withKind(err error) error {
	var e *photo.Error
	switch {
	case errors.As(err, &e):
		return err
	case errors.Is(err, context.Canceled):
		return &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted"}
	}
	return &photo.Error{Kind: photo.KindInternal, Err: err}
}

// oneLine returns a message of several lines as one.
func oneLine(s string) string { return text.Line(s) }

// quote returns a word of the user as a message shows it.
func quote(s string) string { return text.Quote(s) }
