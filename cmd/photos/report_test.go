package main

import (
	"slices"
	"testing"

	"photos/internal/photo"
)

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
