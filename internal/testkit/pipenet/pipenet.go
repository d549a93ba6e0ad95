// Package pipenet is a network in memory, for tests in synctest bubbles: time passes there while
// its connections wait, which it does not while real ones do.
package pipenet

import (
	"context"
	"net"
	"sync"
)

// Net is a network with one server, which accepts connections from it like from any
// net.Listener.
type Net struct {
	addr   net.Addr
	conns  chan net.Conn
	close  sync.Once
	closed chan struct{}
}

// New makes a network whose server has an address.
func New(addr net.Addr) *Net {
	return &Net{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the server, whatever address is given. It is for http.Transport.
func (n *Net) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case n.conns <- there:
		return here, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (n *Net) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (n *Net) Close() error {
	n.close.Do(func() { close(n.closed) })
	return nil
}

// Addr implements net.Listener.
func (n *Net) Addr() net.Addr { return n.addr }
