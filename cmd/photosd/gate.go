package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// gate bounds how many connections are open, since each takes a descriptor and memory. When
// another one comes, the connection that has waited longest for a request is closed for it, as any
// server may do. When all of them are busy, new ones wait.
type gate struct {
	*net.TCPListener
	most int

	mu    sync.Mutex
	since map[*gated]time.Time // of the waiting for a request; zero while one is served
	freed chan struct{}        // has an element when a connection was closed or began to wait
}

func newGate(l net.Listener, most int) (*gate, error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen: %T is no TCP listener", l)
	}
	return &gate{TCPListener: tcp, most: most, since: map[*gated]time.Time{}, freed: make(chan struct{}, 1)}, nil
}

// gated is a connection that came through a gate. It is a TCPConn, so that files go out through the
// kernel.
type gated struct {
	*net.TCPConn
	gate *gate
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	tcp, err := g.AcceptTCP()
	if err != nil {
		return nil, err
	}
	c := &gated{tcp, g}
	for !g.admit(c) {
		select {
		case <-g.freed:
		case <-time.After(time.Second): // the listener may have been closed meanwhile
		}
	}
	return c, nil
}

// admit reports whether there is room for c.
func (g *gate) admit(c *gated) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.since) >= g.most && !g.evict() {
		return false
	}
	g.since[c] = time.Now()
	return true
}

// evict closes the connection that has waited longest for a request, and reports whether there was one.
func (g *gate) evict() bool {
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
	_ = oldest.TCPConn.Close() // there is nobody to tell
	return true
}

// note is for http.Server.ConnState.
func (g *gate) note(c net.Conn, state http.ConnState) {
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

func (g *gate) free() {
	select {
	case g.freed <- struct{}{}:
	default:
	}
}

// connections returns how many connections may be open: as many as were asked for, but fewer where
// the system gives the process few descriptors. A request that stores or sends a photo takes a second one.
func connections(asked int) int {
	const (
		reserve = 64 // of the database, the log, the provider
		least   = 8
	)
	if n, known := descriptors(); known {
		return max(least, min(asked, (n-reserve)/2))
	}
	return asked
}
