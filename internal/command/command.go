// Package command runs a program of the user once per file, and takes what it prints. The user
// writes the call as one line, in which {} stands for the file. No shell is involved. The program
// gets no secrets of this one, a limited time, and may print a limited number of bytes.
package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"photos/internal/photo"
	"photos/internal/text"
)

// Placeholder stands for the path of the file in the words of a command.
const Placeholder = "{}"

const (
	maxOutput = 64 << 10 // bytes that a program may print
	maxErrors = 4 << 10  // bytes of what it says on stderr that are kept
	shown     = 200      // characters of stderr in a message

	// drain is how long a program's output is read after the program has ended, when another
	// program that it started still has it open.
	drain = 2 * time.Second
)

// A Command is a program and its arguments.
type Command struct {
	words []string
	path  string // of the program
}

// Parse reads a line and finds its program. Its errors are of photo.KindUsage.
func Parse(line string) (Command, error) {
	words, err := Split(line)
	switch {
	case err != nil:
		return Command{}, &photo.Error{Kind: photo.KindUsage, Msg: text.Quote(line) + " is not a valid command", Err: err, Hint: "the command runs without a shell; for pipes and variables: sh -c '...' sh {}"}
	case len(words) == 0:
		return Command{}, &photo.Error{Kind: photo.KindUsage, Msg: "the command is empty", Hint: "for example 'captioner {}'"}
	case !slices.ContainsFunc(words[1:], hasPlaceholder):
		return Command{}, &photo.Error{Kind: photo.KindUsage, Msg: "the command has no argument with {}", Hint: "{} stands for the file, for example 'captioner {}'"}
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return Command{}, &photo.Error{Kind: photo.KindUsage, Msg: "there is no program " + text.Quote(words[0]), Hint: "a program that is not on PATH needs its path, for example ./captioner", Err: causeOf(err)}
	}
	return Command{words: words, path: path}, nil
}

// causeOf returns why a program was not found, without the name, which the message has already.
func causeOf(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return errors.Unwrap(err)
}

func hasPlaceholder(word string) bool { return strings.Contains(word, Placeholder) }

// Name returns the name of the program, in the form that the source of a description has.
func (c Command) Name() string {
	name := strings.TrimSuffix(filepath.Base(c.words[0]), ".exe")
	name = strings.Map(func(r rune) rune {
		if photo.IsCommandRune(r) {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), photo.MaxCommandName)]
}

// Run runs the program with a file and returns what it prints, in the form of [text.Clean]. The
// program and everything that it started are killed when ctx ends or the limit is over.
func (c Command) Run(ctx context.Context, file string, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTooLong)
	defer cancel()
	args := make([]string, len(c.words)-1)
	for i, word := range c.words[1:] {
		args[i] = strings.ReplaceAll(word, Placeholder, file)
	}
	out, said := &head{limit: maxOutput, full: cancel}, &tail{limit: maxErrors}
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Args[0] = c.words[0]
	cmd.Env = withoutSecrets(os.Environ())
	cmd.Stdout, cmd.Stderr = out, said
	cmd.WaitDelay = drain
	err := runInGroup(cmd)
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil // the program itself has ended well
	}
	switch {
	case out.over:
		return "", c.failed(fmt.Sprintf("printed more than %d bytes", maxOutput), said)
	case errors.Is(context.Cause(ctx), errTooLong):
		return "", c.failed(fmt.Sprintf("stopped after %s", limit), said)
	case ctx.Err() != nil:
		return "", &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted", Err: ctx.Err()}
	case err != nil:
		return "", c.failed(err.Error(), said)
	}
	return c.printed(out.kept, said)
}

// printed returns the output of a run that ended well as text.
func (c Command) printed(out []byte, said *tail) (string, error) {
	if !utf8.Valid(out) {
		return "", c.failed("did not print UTF-8", said)
	}
	printed := text.Clean(string(out))
	if printed == "" {
		return "", c.failed("printed nothing", said)
	}
	return printed, nil
}

var errTooLong = errors.New("the command took too long")

// failed returns the error of a run, with the last line that the program wrote to stderr.
func (c Command) failed(why string, said *tail) error {
	msg := c.Name() + ": " + why
	if line := said.lastLine(); line != "" {
		msg += ": " + line
	}
	return &photo.Error{Kind: photo.KindCommand, Msg: msg}
}

// withoutSecrets returns the variables without those that have secrets of photos and photosd.
func withoutSecrets(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(secretVariables(), strings.ToUpper(name))
	})
}

func secretVariables() []string {
	return []string{
		"PHOTOS_TOKEN", "PHOTOS_TOKEN_FILE",
		"COGNITO_CLIENT_SECRET", "COGNITO_CLIENT_SECRET_FILE",
		"DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE",
	}
}

// head keeps the first bytes that are written. When there are more, it fails and calls full. It has no
// method of a buffer but Write, because io.Copy would use the others.
type head struct {
	kept  []byte
	limit int
	full  func()
	over  bool
}

var errFull = errors.New("too many bytes")

func (h *head) Write(p []byte) (int, error) {
	if len(h.kept)+len(p) > h.limit {
		h.over = true
		h.full()
		return 0, errFull
	}
	h.kept = append(h.kept, p...)
	return len(p), nil
}

// tail keeps the last bytes that are written.
type tail struct {
	kept  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if n := len(t.kept) - t.limit; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(p), nil
}

// lastLine returns the last line that is not blank, escaped for a terminal.
func (t *tail) lastLine() string {
	lines := strings.FieldsFunc(string(t.kept), func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" {
			return text.Cut(text.Escape(line), shown)
		}
	}
	return ""
}
