package main

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

// lines are those of stdin, read by one goroutine for everybody who waits for one: a
// pasted address and the answer to a question come by the same way.
func (e *env) lines() <-chan string {
	e.reading.Do(func() {
		lines := make(chan string)
		e.typed = lines
		go func() {
			defer close(lines)
			scanner := bufio.NewScanner(io.LimitReader(e.in, 1<<20))
			for scanner.Scan() {
				lines <- scanner.Text()
			}
		}()
	})
	return e.typed
}

// confirm asks a question that wants yes or no. Where nobody can be asked, or with the
// answer no, it is an error whose hint is the one given.
func (e *env) confirm(ctx context.Context, question, hint string) error {
	if !e.terminal.interactive() {
		return &photo.Error{Kind: photo.KindUsage, Msg: question, Hint: hint}
	}
	e.say("%s", question)
	e.say("Type yes to go on:")
	select {
	case answer := <-e.lines():
		if a := strings.ToLower(strings.TrimSpace(answer)); a == "yes" || a == "y" {
			return nil
		}
		return &photo.Error{Kind: photo.KindForbidden, Msg: "not confirmed", Hint: hint}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askSecret reads one line from the terminal without showing it.
func (e *env) askSecret(prompt string) (string, error) {
	f, ok := e.in.(*os.File)
	if !ok || !e.terminal.interactive() {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: "a secret is asked for on a terminal only",
			Hint: "without one, set COGNITO_CLIENT_SECRET"}
	}
	fmt.Fprint(e.err, text.Line(prompt))
	secret, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(e.err)
	if err != nil {
		return "", fmt.Errorf("reading the secret: %w", err)
	}
	return strings.TrimSpace(string(secret)), nil
}
