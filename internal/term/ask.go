package term

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"photos/internal/photo"
	"photos/internal/text"
)

// maxInput bounds what is read for answers, in bytes.
const maxInput = 1 << 20

// Lines returns the lines of stdin. One goroutine reads them for all callers: a pasted
// address and the answer to a question arrive in the same way.
func (c *Console) Lines() <-chan string {
	c.reading.Do(func() {
		lines := make(chan string)
		c.lines = lines
		go func() {
			defer close(lines)
			scanner := bufio.NewScanner(io.LimitReader(c.In, maxInput))
			for scanner.Scan() {
				lines <- scanner.Text()
			}
		}()
	})
	return c.lines
}

// Confirm asks a question that must be answered with yes. It returns an error with the
// given hint when nobody can be asked and when the answer is no.
func (c *Console) Confirm(ctx context.Context, question, hint string) error {
	if !c.Interactive() {
		return &photo.Error{Kind: photo.KindUsage, Msg: question, Hint: hint}
	}
	c.Say("%s", question)
	c.Say("Type yes to go on:")
	select {
	case answer := <-c.Lines():
		if a := strings.ToLower(strings.TrimSpace(answer)); a == "yes" || a == "y" {
			return nil
		}
		return &photo.Error{Kind: photo.KindForbidden, Msg: "not confirmed", Hint: hint}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AskSecret reads one line from the terminal without showing it. Without a terminal it
// returns an error with the given hint.
func (c *Console) AskSecret(prompt, hint string) (string, error) {
	f, ok := c.In.Reader.(*os.File)
	if !ok || !c.Interactive() {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: "a secret is asked for on a terminal only", Hint: hint}
	}
	fmt.Fprint(c.Err, text.Line(prompt))
	secret, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(c.Err)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	return strings.TrimSpace(string(secret)), nil
}
