package freeport_test

import (
	"net"
	"testing"

	"photos/internal/testkit/freeport"
)

// Addresses are free, and none is given out twice, although nobody listens on them yet.
func TestAddress(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 120 { // more than a block
		addr, err := freeport.Address(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[addr] {
			t.Fatalf("%s twice", addr)
		}
		seen[addr] = true
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
