// Package freeport finds addresses for tests. Production code does not import it.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Address returns an address of 127.0.0.1 that nobody listens on. Its port is below those
// that systems hand out by themselves (from 32768 on Linux, 49152 elsewhere), so that no
// connection of another test takes it while its server is stopped.
func Address(ctx context.Context) (string, error) {
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			continue
		}
		return addr, l.Close()
	}
	return "", errors.New("no free port from 20000 to 31999")
}

// Redirect returns a redirect URI at a free address.
func Redirect(t testing.TB) string {
	t.Helper()
	addr, err := Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + addr + "/callback"
}
