// Package freeport finds redirect addresses for tests of signing in. Production
// code does not import it.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Redirect is a redirect URI on a port of 127.0.0.1 that nobody listens on. The
// port is below those that systems hand out by themselves (from 32768 on Linux,
// 49152 elsewhere), so that no connection of another test takes it meanwhile.
func Redirect(t testing.TB) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return "http://" + addr + "/callback"
	}
	t.Fatal("no free port from 20000 to 31999")
	return ""
}
