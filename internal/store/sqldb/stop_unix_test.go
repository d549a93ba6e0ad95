//go:build unix

package sqldb

import (
	"syscall"
	"testing"

	"photos/internal/testkit/dbserver"
)

// stop suspends a server's process, so that it accepts connections and answers nothing.
func stop(t *testing.T, s *dbserver.Server) {
	t.Helper()
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

func resume(t *testing.T, s *dbserver.Server) {
	t.Helper()
	if err := s.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}
