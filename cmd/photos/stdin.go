package main

import (
	"context"
	"io"

	"photos/internal/photo"
)

// stdin reads standard input until ctx ends. Nothing can interrupt a read of a
// pipe to which nobody writes, so the goroutine that waits there is left behind.
type stdin struct {
	ctx  context.Context // Read has no parameter for it
	from io.Reader
	ends error // set once a read was left behind
}

func newStdin(ctx context.Context, from io.Reader) *stdin { return &stdin{ctx: ctx, from: from} }

// Read implements io.Reader.
func (s *stdin) Read(p []byte) (int, error) {
	if s.ends != nil {
		return 0, s.ends
	}
	if s.ctx.Err() != nil {
		return 0, s.end()
	}
	type result struct {
		n   int
		err error
	}
	buf, done := make([]byte, len(p)), make(chan result, 1) // p belongs to the caller again when Read returns
	go func() {
		n, err := s.from.Read(buf)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buf[:r.n]), r.err
	case <-s.ctx.Done():
		return 0, s.end()
	}
}

func (s *stdin) end() error {
	s.ends = &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted", Err: s.ctx.Err()}
	return s.ends
}

// unreadable returns the error of an input that could not be read to its end. An interruption
// stays what it is.
func unreadable(msg string, err error) error {
	if photo.KindOf(err) == photo.KindInterrupted {
		return err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Msg: msg, Err: err}
}
