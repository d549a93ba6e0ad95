// Package freeport finds addresses for tests. Production code does not import it.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// The ports are below those that systems hand out by themselves (from 32768 on Linux, 49152
// elsewhere), so that no connection of another test takes one while its server is stopped. They are in
// blocks. A process listens on the first port of a block as long as it runs, and so has the others of the
// block to itself: no test in another process can take a port between Address and the start of its server.
const (
	firstPort = 20_000
	blocks    = 240
	blockSize = 50
)

// ports are those of this process.
type ports struct {
	mu     sync.Mutex
	guards []net.Listener // the first port of each block, until the process ends
	block  int            // its first port
	used   int            // ports of the block
}

var own ports

// Address returns an address of 127.0.0.1 that nobody listens on, and that no other call returns as
// long as this process runs.
func Address(ctx context.Context) (string, error) {
	own.mu.Lock()
	defer own.mu.Unlock()
	for range 10 * blockSize {
		if len(own.guards) == 0 || own.used == blockSize {
			if err := own.take(ctx); err != nil {
				return "", err
			}
		}
		addr := address(own.block + own.used)
		own.used++
		if l, err := listen(ctx, addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no free port from 20000 to 31999")
}

// take takes a block that no other process has.
func (p *ports) take(ctx context.Context) error {
	for range 10 * blocks {
		first := firstPort + rand.IntN(blocks)*blockSize
		if l, err := listen(ctx, address(first)); err == nil {
			p.guards, p.block, p.used = append(p.guards, l), first, 1
			return nil
		}
	}
	return errors.New("no free block of ports from 20000 to 31999")
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func listen(ctx context.Context, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
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
