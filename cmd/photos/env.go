package main

import (
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// env is everything a command may touch of the outside world: clock, streams,
// environment, browser and network. The real one is system; a test brings its
// own and runs the whole command line in process.
type env struct {
	in       io.Reader
	out, err io.Writer
	terminal terminals
	getenv   func(string) string
	now      func() time.Time
	browse   func(url string) error // nil: the system's browser
	network  http.RoundTripper

	set   settings // filled in by configure before a command runs
	given string   // the variable whose access token the command uses; empty for a session or an access key

	reading sync.Once     // starts the reader of typed
	typed   <-chan string // the lines of stdin, once somebody waits for one
}

// terminals says which streams are a person's terminal, and how wide it is.
type terminals struct {
	in, out, err bool
	width        func() int // columns; of stdout, or of stderr when only that is a terminal
}

// interactive reports whether a question may be asked: there is someone to
// read it and someone to answer.
func (t terminals) interactive() bool { return t.in && t.err }

func system() *env {
	is := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.MaxIdleConnsPerHost = 64
	tr.WriteBufferSize = 64 << 10
	tr.ReadBufferSize = 64 << 10
	tr.DisableCompression = true // photos do not compress, and sizes stay what they are
	return &env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		terminal: terminals{in: is(os.Stdin), out: is(os.Stdout), err: is(os.Stderr), width: width},
		getenv:   os.Getenv,
		now:      time.Now,
		network:  tr,
	}
}

// width is the terminal's width in columns, 80 when nothing says.
func width() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}
