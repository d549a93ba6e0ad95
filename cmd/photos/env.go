package main

import (
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"os"
	"slices"
	"time"

	"photos/internal/client"
	"photos/internal/term"
)

// env holds everything that a command may touch of the outside world: the standard
// streams, the clock, the environment, the browser and the network. system returns the
// real one. A test makes its own and runs a whole command line in its process.
type env struct {
	*term.Console
	now     func() time.Time
	getenv  func(string) string
	browse  func(url string) error // nil: the system's browser
	network http.RoundTripper

	set        settings     // loaded before a command runs
	endJQ      func() error // waits for the program of --jq; nil: none was started
	completing bool         // a shell asks for completions: nothing is refreshed or said
	tokenFrom  string       // the variable whose access token is in use; empty for a session or an access key
}

// maxJobs is how many photos may be uploaded or downloaded at a time. Each has a connection.
const maxJobs = 256

// system returns the environment of this process.
func system() *env {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.MaxIdleConns, tr.MaxIdleConnsPerHost = maxJobs, maxJobs
	tr.WriteBufferSize = 64 << 10
	tr.ReadBufferSize = 64 << 10
	tr.DisableCompression = true // photos do not compress, and a size is the size of the file
	e := &env{Console: term.System("photos"), now: time.Now, getenv: os.Getenv, network: tr}
	e.Dumb = e.Dumb || e.getenv("TERM") == "dumb"
	e.Color = e.getenv("NO_COLOR") == "" && !e.Dumb
	return e
}

// newPrinter returns a printer in the form that the settings ask for.
func newPrinter[T any](e *env, columns []term.Column[T], toJSON func(T) any) (*term.Printer[T], error) {
	if slices.Equal(e.set.Fields, []string{"help"}) {
		return nil, printFields(e, columns)
	}
	return term.NewPrinter(e.Console, e.set.format(), columns, toJSON)
}

// printList prints what fetch gets from the service. If that is nothing, it says none on stderr.
func printList[T any](e *env, columns []term.Column[T], fetch func(*client.Client) ([]T, error), none string) error {
	return printEach(e, columns, func(c *client.Client) iter.Seq2[T, error] {
		list, err := fetch(c)
		return func(yield func(T, error) bool) {
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, v := range list {
				if !yield(v, nil) {
					return
				}
			}
		}
	}, none)
}

// printEach is like printList, for a list that comes in parts and need not fit into memory.
func printEach[T any](e *env, columns []term.Column[T], fetch func(*client.Client) iter.Seq2[T, error], none string) error {
	out, err := newPrinter(e, columns, func(v T) any { return v })
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	for v, err := range fetch(c) {
		if err == nil {
			err = out.Print(v)
		}
		if err != nil {
			return cmp.Or(err, out.Close())
		}
	}
	if out.Empty() && none != "" {
		e.Say("%s", none)
	}
	return out.Close()
}

// printFields prints what --fields may choose. The error that it returns ends the command.
func printFields[T any](e *env, columns []term.Column[T]) error {
	for _, c := range columns {
		if _, err := fmt.Fprintln(e.Out, c.Name); err != nil {
			return err
		}
	}
	return reported{exitDone}
}

// printJSON writes one result of --json.
func printJSON(e *env, v any) error {
	line, err := term.JSONLine(v, e.set.Fields)
	if err == nil {
		_, err = e.Out.Write(line)
	}
	return err
}
