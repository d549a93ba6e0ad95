package term

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/mattn/go-runewidth"
)

// Pager is the program that shows what is longer than the screen.
type Pager struct {
	Command string   // as the user would type it
	Words   []string // the same as a program and its arguments, for a system without sh
	Env     []string // the environment of the program
}

// Page sends what is written to stdout from now on to the pager, once that is longer than the
// screen. Until then it is held back. While the pager is on the screen, messages to stderr wait.
// The caller must call end before the program ends.
func (c *Console) Page(p Pager) (end func()) {
	if !c.Out.Terminal || c.Dumb || c.Height() <= 1 || len(p.Words) == 0 || p.Words[0] == "cat" {
		return func() {}
	}
	if _, err := exec.LookPath(p.Words[0]); err != nil && !strings.ContainsAny(p.Words[0], "=$'\"") {
		c.Detail("no pager: %s", err)
		return func() {}
	}
	g := &paging{console: c, pager: p, rows: c.Height() - 1, width: max(1, c.Width())}
	g.out = c.Out.redirect(g)
	return g.end
}

// paging is the output of one command that may go to a pager.
type paging struct {
	console     *Console
	pager       Pager
	rows, width int

	mu      sync.Mutex
	out     io.Writer    // stdout
	held    bytes.Buffer // what is on the first screen
	used    int          // the rows of held
	direct  bool         // the pager could not be started
	program *exec.Cmd    // nil until it is started
	in      io.WriteCloser
	stderr  io.Writer
	talk    lockedBuffer // messages that wait
	signals chan os.Signal
}

// Write implements io.Writer.
func (g *paging) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.direct:
		return g.out.Write(b)
	case g.program != nil:
		return g.send(b)
	}
	for line := range bytes.Lines(b) {
		g.used += 1 + max(0, runewidth.StringWidth(unpainted(string(line)))-1)/g.width
	}
	g.held.Write(b)
	if g.used <= g.rows {
		return len(b), nil
	}
	if err := g.start(); err != nil {
		g.direct = true
		g.console.Detail("no pager: %s", err)
		_, err := g.out.Write(g.held.Bytes())
		return len(b), err
	}
	if _, err := g.send(g.held.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// unpainted returns s without the escape sequences of [Style.Paint].
func unpainted(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

// send writes to the pager. When the user has left it, the error is EPIPE on every system.
func (g *paging) send(b []byte) (int, error) {
	n, err := g.in.Write(b)
	if err != nil {
		err = errors.Join(syscall.EPIPE, err)
	}
	return n, err
}

// start runs the pager. Ctrl-C belongs to the pager then: it must not end this program, or the
// shell and the pager would read the same keys.
func (g *paging) start() error {
	cmd := exec.Command("sh", "-c", g.pager.Command) //nolint:noctx // the user ends it
	if runtime.GOOS == "windows" {
		cmd = exec.Command(g.pager.Words[0], g.pager.Words[1:]...) //nolint:noctx // the user ends it
	}
	cmd.Env, cmd.Stdout, cmd.Stderr = g.pager.Env, g.out, g.console.Err.writer()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	g.signals = make(chan os.Signal, 1)
	signal.Notify(g.signals, os.Interrupt)
	if err := cmd.Start(); err != nil {
		signal.Stop(g.signals)
		return err
	}
	g.program, g.in = cmd, in
	g.stderr = g.console.Err.redirect(&g.talk)
	return nil
}

// end shows what is held back, or waits until the user leaves the pager.
func (g *paging) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.console.Out.redirect(g.out)
	switch {
	case g.direct:
	case g.program == nil:
		_, _ = g.out.Write(g.held.Bytes())
	default:
		g.in.Close()
		_ = g.program.Wait() // how the pager ends says nothing about the command
		signal.Stop(g.signals)
		g.console.Err.redirect(g.stderr)
		_, _ = g.stderr.Write(g.talk.take())
	}
}

// lockedBuffer is a buffer that several goroutines may write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns what was written.
func (l *lockedBuffer) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Bytes()
}
