package main

import (
	"os"
	"runtime"
	"slices"
	"strings"

	"photos/internal/command"
	"photos/internal/term"
)

// page shows the output of a command in the user's pager where it is longer than the screen.
// The caller must call end.
func (e *env) page() (end func()) {
	if e.set.NoPager {
		return func() {}
	}
	words := strings.Fields(e.set.Pager)
	if runtime.GOOS == "windows" {
		words, _ = command.Program(e.set.Pager) // without words there is no pager
	}
	return e.Page(term.Pager{Command: e.set.Pager, Words: words, Env: pagerEnvironment(os.Environ())})
}

// pagerEnvironment returns the environment of a pager: this program's, without the token. If the
// user has no options for less and lv, they get those that git gives them: colors pass, and less
// ends by itself after a short text, which stays on the screen.
func pagerEnvironment(vars []string) []string {
	vars = slices.DeleteFunc(slices.Clone(vars), func(v string) bool { return strings.HasPrefix(v, "PHOTOS_TOKEN=") })
	const options = "LESS"
	if !slices.ContainsFunc(vars, func(v string) bool { return strings.HasPrefix(v, options+"=") }) {
		vars = append(vars, options+"=FRX")
	}
	return vars
}
