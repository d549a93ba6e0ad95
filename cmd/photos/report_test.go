package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/term"
)

// TestAWrongFilterIsPointedAt: on a terminal a ^ is below the place; in a pipe the message counts characters.
func TestAWrongFilterIsPointedAt(t *testing.T) {
	t.Parallel()
	o := filterOptions{search: "été tagg:beach", by: "uploaded", given: func(string) bool { return true }, since: "2024", until: "2024"}
	_, err := o.filter(time.Now())
	for terminal, want := range map[bool]string{
		true:  "photos: --search: unknown key \"tagg\"\n  été tagg:beach\n      ^\nhint: ",
		false: "photos: --search: unknown key \"tagg\" at character 5\nhint: ",
	} {
		e, _ := testEnv(settings{}, terminal)
		var out bytes.Buffer
		e.Console = term.New("photos", strings.NewReader(""), io.Discard, &out)
		e.Err.Terminal = terminal
		if code := e.report(err); code != exitUsage || !strings.HasPrefix(out.String(), want) {
			t.Errorf("terminal %t: exit code %d, %q, want %q", terminal, code, out.String(), want)
		}
	}
}

// TestExitCodesOfFailuresThatEndARun: of several items, only a failure that ends the run keeps its
// own exit code (docs/exit-codes.md).
func TestExitCodesOfFailuresThatEndARun(t *testing.T) {
	t.Parallel()
	ending := []int{exitNotSignedIn, exitUnavailable, exitKeyring, exitInterrupted}
	for kind, code := range exitCodes {
		if got, want := photo.EndsRun(&photo.Error{Kind: kind}), slices.Contains(ending, code); got != want {
			t.Errorf("%s, exit code %d: ends the run: %t, want %t", kind, code, got, want)
		}
	}
	if err := (&photo.Error{Kind: photo.KindInternal}); photo.EndsRun(err) || exitCode(err) != exitFailure {
		t.Errorf("an internal error: ends the run: %t, exit code %d", photo.EndsRun(err), exitCode(err))
	}
}
