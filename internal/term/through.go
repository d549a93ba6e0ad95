package term

import (
	"bytes"
	"io"
	"os/exec"

	"photos/internal/text"
)

// Through sends what is written to the output from now on to the program, and what the program
// prints to where the output went before. A terminal gets it line by line, made safe. end waits for
// the program and returns how it ended.
func (o *Output) Through(cmd *exec.Cmd) (end func() error, err error) {
	before := o.writer()
	cmd.Stdout = before
	var lines *safeLines
	if o.Terminal {
		lines = &safeLines{w: before}
		cmd.Stdout = lines
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	o.redirect(in)
	return func() error {
		o.redirect(before)
		in.Close()
		err := cmd.Wait()
		if lines != nil {
			lines.flush()
		}
		return err
	}, nil
}

// safeLines writes whole lines that cannot control the terminal.
type safeLines struct {
	w    io.Writer
	held []byte
}

// Write implements io.Writer.
func (s *safeLines) Write(p []byte) (int, error) {
	s.held = append(s.held, p...)
	for {
		i := bytes.IndexByte(s.held, '\n')
		if i < 0 {
			return len(p), nil
		}
		if _, err := io.WriteString(s.w, text.Line(string(s.held[:i]))+"\n"); err != nil {
			return 0, err
		}
		s.held = s.held[i+1:]
	}
}

func (s *safeLines) flush() {
	if len(s.held) > 0 {
		_, _ = io.WriteString(s.w, text.Line(string(s.held)))
	}
}
