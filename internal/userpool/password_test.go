package userpool

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
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

// A sign-in with an unknown address hashes as much as one with a wrong password. Otherwise the time of the answer
// would tell whether an account exists.
func TestUnknownUsersCostAsMuchAsWrongPasswords(t *testing.T) {
	t.Parallel()
	p, err := Open(t.Context(), Config{BaseURL: "http://127.0.0.1:1/pool", Path: filepath.Join(t.TempDir(), "pool.db"), Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.AddUser(t.Context(), NewUser{Email: "ada@example.org", Nickname: "Ada", Password: "a long password"}); err != nil {
		t.Fatal(err)
	}
	var compared []string // the parameters of each hash, which say what a comparison costs
	compare := p.passwords.compare
	p.passwords.compare = func(password, hash string) (bool, error) {
		parameters, _, _ := strings.Cut(hash, ",p=")
		compared = append(compared, parameters)
		return compare(password, hash)
	}
	cost := func(email string) []string {
		t.Helper()
		compared = nil
		if _, err := p.matchPassword(t.Context(), email, "guess"); !errors.Is(err, errWrongPassword) {
			t.Errorf("%s: %v", email, err)
		}
		return compared
	}
	known, unknown := cost("ada@example.org"), cost("nobody@example.org")
	if len(known) != 1 || !slices.Equal(known, unknown) {
		t.Errorf("a wrong password costs %v, an unknown address costs %v", known, unknown)
	}
}
