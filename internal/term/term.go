// Package term is the user's side of a command: results on stdout as a table, TSV or
// JSON Lines, messages and progress on stderr, and questions. It knows streams, widths
// and colours, and nothing about photos or services.
package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/term"

	"photos/internal/text"
)

// Console is the three standard streams of a program.
type Console struct {
	In       Input
	Out, Err *Output
	Width    func() int        // columns of the terminal
	Height   func() int        // lines of the terminal; 0: unknown
	Color    bool              // colors are wanted where the terminal has them
	Dumb     bool              // the terminal only prints text from top to bottom
	Name     string            // the program's name, which begins its messages
	Verbose  bool              // Detail writes something
	Log      func(line string) // gets each message, too; nil: nobody does

	reading sync.Once     // starts the goroutine that reads In
	lines   <-chan string // the lines of In, once somebody waits for one
}

// Input is stdin.
type Input struct {
	io.Reader
	Terminal bool // a user types here
}

// Output is stdout or stderr. While progress bars are on the screen, everything that is
// written passes through them, so that neither tears the other.
type Output struct {
	Terminal bool // a user reads here

	mu sync.Mutex
	w  io.Writer

	writing sync.Mutex // held during a write
	file    *os.File   // where it goes in the end; nil in tests
}

// New returns a console of streams that are not terminals. The caller may change that
// before the first use.
func New(name string, in io.Reader, out, err io.Writer) *Console {
	return &Console{
		Name: name, In: Input{Reader: in}, Out: &Output{w: out}, Err: &Output{w: err},
		Width: func() int { return defaultWidth }, Height: func() int { return 0 },
	}
}

// System returns the console of this process.
func System(name string) *Console {
	c := New(name, os.Stdin, os.Stdout, os.Stderr)
	c.Out.file = os.Stdout
	c.In.Terminal, c.Out.Terminal, c.Err.Terminal = isTerminal(os.Stdin), isTerminal(os.Stdout), isTerminal(os.Stderr)
	for o, f := range map[*Output]*os.File{c.Out: os.Stdout, c.Err: os.Stderr} {
		if o.Terminal && !enableSequences(f) {
			c.Dumb = true
		}
	}
	c.Width, c.Height = width, height
	return c
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// defaultWidth is used when the terminal does not tell its width.
const defaultWidth = 80

// width returns the columns of stdout, or of stderr when only that is a terminal.
func width() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return defaultWidth
}

// height returns the lines of stdout, or 0 when it does not tell them.
func height() int {
	_, h, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return h
}

// Write implements io.Writer. Several goroutines may write. When nobody reads the output any more, the error is
// syscall.EPIPE on every system.
func (o *Output) Write(p []byte) (int, error) {
	o.writing.Lock()
	defer o.writing.Unlock()
	n, err := o.writer().Write(p)
	if err != nil && isClosedPipe(err) {
		err = errors.Join(syscall.EPIPE, err)
	}
	return n, err
}

func (o *Output) writer() io.Writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w
}

// WithReader returns a context that ends when nobody reads the output any more. A command that prints
// seldom would otherwise notice that only with its next line. The cause is syscall.EPIPE, as that of a
// write would be.
func (o *Output) WithReader(ctx context.Context) context.Context {
	if o.file == nil {
		return ctx
	}
	ctx, stop := context.WithCancelCause(ctx)
	go func() { // it is left behind when the program ends
		waitForReader(o.file)
		stop(syscall.EPIPE)
	}()
	return ctx
}

// redirect makes w the target of the output and returns the target before.
func (o *Output) redirect(w io.Writer) (before io.Writer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, o.w = o.w, w
	return before
}

// Interactive reports whether a question may be asked: a user can read it and answer.
func (c *Console) Interactive() bool { return c.In.Terminal && c.Err.Terminal }

// Say writes one line to stderr. All arguments pass through [text.Sprintf], so no name,
// answer or error can control the terminal.
func (c *Console) Say(format string, args ...any) {
	c.say("", NoTint, "", text.Sprintf(format, args...))
}

// Warn writes one line to stderr about something that is not a failure.
func (c *Console) Warn(format string, args ...any) {
	c.say(c.Name+": ", Notice, "warning:", " "+text.Sprintf(format, args...))
}

// Fail writes one line to stderr about a failure.
func (c *Console) Fail(format string, args ...any) {
	c.say("", Bad, c.Name+":", " "+text.Sprintf(format, args...))
}

// Hint writes one line to stderr that says what to do.
func (c *Console) Hint(format string, args ...any) {
	c.say("", Key, "hint:", " "+text.Sprintf(format, args...))
}

// say writes one line to stderr, a part of it painted. The caller has made all parts safe.
func (c *Console) say(before string, t Tint, painted, after string) {
	if c.Log != nil {
		c.Log(before + painted + after)
	}
	fmt.Fprintln(c.Err, before+NewStyle(c.Color && c.Err.Terminal).Paint(t, painted)+after)
}

// Detail writes one line to stderr that only a verbose run has.
func (c *Console) Detail(format string, args ...any) {
	if c.Verbose {
		fmt.Fprintln(c.Err, c.Name+": "+text.Sprintf(format, args...))
	}
}

// Word returns one foreign word as stdout gets it.
func (c *Console) Word(s string) string {
	if c.Out.Terminal {
		return text.Escape(s)
	}
	return EscapeTSV(s)
}
