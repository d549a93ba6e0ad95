package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"photos/internal/photo"
	"photos/internal/text"
)

// Exit codes; docs/exit-codes.md explains them and a test holds the two together.
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

// exitCodes gives each kind of failure its exit code; a kind that is not here is exitFailure.
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

// exitCode is the code of a single failure.
func exitCode(err error) int {
	if code, ok := exitCodes[photo.KindOf(err)]; ok {
		return code
	}
	return exitFailure
}

// reported is an error whose lines have been printed already: only its exit code is left.
type reported struct{ code int }

func (r reported) Error() string { return fmt.Sprintf("exit code %d", r.code) }

// report prints what ended the run and returns the exit code.
func (e *env) report(err error) int {
	var done reported
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.As(err, &done):
		return done.code
	}
	err = e.aboutGiven(withKind(err))
	e.complain("", err)
	return exitCode(err)
}

// complain prints one failure: a line that says what, and a line that says what to do.
func (e *env) complain(subject string, err error) {
	if photo.KindOf(err) == photo.KindInterrupted {
		e.say("photos: interrupted")
		return
	}
	e.complainWith(subject, err, photo.HintOf(err))
}

func (e *env) complainWith(subject string, err error, hint string) {
	if subject == "" {
		e.say("photos: %s", err)
	} else {
		e.say("photos: %s: %s", subject, err)
	}
	if hint != "" {
		e.say("hint: %s", hint)
	}
}

// tally is the law of calls with several items: one item fails with its own exit
// code; of several, each failure is reported, the others are still done, and the
// call ends with exitSomeFailed, or with exitUsage when no line fits its format. It is
// safe for concurrent use.
type tally struct {
	e             *env
	mu            sync.Mutex
	items, failed int
	misfits       int    // of the failed ones, lines that do not fit their format
	subject       string // of the first failure, while it may be that of the only item
	first         error
	hint          string // the last one that was printed
}

// done counts an item; err is nil when it went well.
func (t *tally) done(subject string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items++
	if t.items == 2 && t.first != nil {
		t.complain(t.subject, t.first)
	}
	if err == nil {
		return
	}
	err = withKind(err)
	if isMisfit(err) {
		t.misfits++
	}
	if t.failed++; t.items == 1 {
		t.subject, t.first = subject, err
		return
	}
	t.complain(subject, err)
}

// complain prints a failure. A hint that many failures share is printed once.
func (t *tally) complain(subject string, err error) {
	hint := photo.HintOf(err)
	if hint == t.hint {
		hint = ""
	} else {
		t.hint = hint
	}
	t.e.complainWith(subject, err, hint)
}

// tell prints the failure that may have been the only item's, when something else
// ended the run.
func (t *tally) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.items == 1 && t.first != nil {
		t.complain(t.subject, t.first)
	}
}

// end is the error of the call.
func (t *tally) end() error {
	switch {
	case t.failed == 0:
		return nil
	case t.items == 1:
		return about(t.subject, t.first)
	case t.misfits == t.items:
		return reported{exitUsage}
	}
	return reported{exitSomeFailed}
}

// about says which item a failure concerns, keeping its kind and hint.
func about(subject string, err error) error {
	if photo.EndsRun(withKind(err)) {
		return err // it concerns more than this item
	}
	return fmt.Errorf("%s: %w", subject, err)
}

// say writes one line of talk to stderr. Everything that is printed there passes
// through text.Sprintf: no name, answer or error drives the terminal.
func (e *env) say(format string, args ...any) {
	fmt.Fprintln(e.err, text.Sprintf(format, args...))
}

// verbose writes a line that only --verbose asks for.
func (e *env) verbose(format string, args ...any) {
	if e.set.Verbose {
		e.say("photos: %s", text.Sprintf(format, args...))
	}
}

// warn writes a line that is no failure.
func (e *env) warn(format string, args ...any) {
	e.say("photos: warning: %s", text.Sprintf(format, args...))
}

// withKind gives the errors of libraries the kind they mean.
func withKind(err error) error {
	var known *photo.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled):
		return &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted"}
	}
	return &photo.Error{Kind: photo.KindInternal, Err: err}
}

// oneLine keeps a message of several lines on one.
func oneLine(s string) string { return text.Line(s) }

// quote puts a word of the user's into a message.
func quote(s string) string { return text.Quote(s) }
