package httpkit

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Gate is a listener that bounds how many connections are open, since each takes a
// descriptor and memory. When another one comes, it closes the connection that has waited
// longest for a request, as any server may do. When all of them are busy, new ones wait.
type Gate struct {
	*net.TCPListener
	most int

	mu    sync.Mutex
	since map[*gated]time.Time // when each began to wait for a request; zero while it is busy
	freed chan struct{}        // has an element after a connection was closed or began to wait
}

// NewGate returns a Gate on l, a TCP listener, with at most most connections. Its ConnState
// must become that of the http.Server.
func NewGate(l net.Listener, most int) (*Gate, error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen: %T is not a TCP listener", l)
	}
	return &Gate{TCPListener: tcp, most: most, since: map[*gated]time.Time{}, freed: make(chan struct{}, 1)}, nil
}

// gated is a connection of a Gate. It is a TCPConn, so that the kernel can send files.
type gated struct {
	*net.TCPConn
	gate *Gate
}

// Accept implements net.Listener.
func (g *Gate) Accept() (net.Conn, error) {
	tcp, err := g.AcceptTCP()
	if err != nil {
		return nil, err
	}
	c := &gated{tcp, g}
	for !g.admit(c) {
		select {
		case <-g.freed:
		case <-time.After(time.Second): // the listener may be closed by now
		}
	}
	return c, nil
}

// admit counts c, and reports whether there was a place for it.
func (g *Gate) admit(c *gated) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.since) >= g.most && !g.evict() {
		return false
	}
	g.since[c] = time.Now()
	return true
}

// Open returns how many connections are open.
func (g *Gate) Open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.since)
}

// evict closes the connection that has waited longest for a request, and reports whether
// there was one.
func (g *Gate) evict() bool {
	var oldest *gated
	for c, since := range g.since {
		if !since.IsZero() && (oldest == nil || since.Before(g.since[oldest])) {
			oldest = c
		}
	}
	if oldest == nil {
		return false
	}
	delete(g.since, oldest)
	_ = oldest.TCPConn.Close() // nobody waits for an answer on it
	return true
}

// ConnState is for the field of http.Server with this name.
func (g *Gate) ConnState(c net.Conn, state http.ConnState) {
	conn, ok := c.(*gated)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, open := g.since[conn]; !open {
		return
	}
	switch state {
	case http.StateActive:
		g.since[conn] = time.Time{}
	case http.StateIdle:
		g.since[conn] = time.Now()
		g.free()
	}
}

// Close implements net.Conn.
func (c *gated) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.since, c)
	c.gate.free()
	c.gate.mu.Unlock()
	return c.TCPConn.Close()
}

func (g *Gate) free() {
	select {
	case g.freed <- struct{}{}:
	default:
	}
}
