package userpool

import (
	"context"
	"errors"
	"testing"
)

func TestFewPasswordsWaitToBeHashed(t *testing.T) {
	t.Parallel()
	p, err := newPasswords(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range hashedAtOnce { // somebody's passwords that take long
		if err := p.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	for range maxWaiting + 5 {
		go func() {
			_, err := p.match(ctx, "guess", "")
			done <- err
		}()
	}
	for range 5 {
		if err := <-done; !errors.Is(err, errBusy) {
			t.Errorf("beyond the queue: %v", err)
		}
	}
	cancel()
	for range maxWaiting {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("in the queue: %v", err)
		}
	}
	for range hashedAtOnce {
		p.release()
	}
	if _, err := p.match(t.Context(), "guess", ""); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
