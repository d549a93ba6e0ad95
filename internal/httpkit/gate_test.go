package httpkit

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// gateway is a web server behind a gate. Requests for /slow take until the test lets them go.
type gateway struct {
	t    *testing.T
	addr string
	slow chan struct{}
	busy chan struct{} // has an element per slow request that began
}

func startGateway(t *testing.T, most int) *gateway {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gate, err := NewGate(l, most)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, addr: l.Addr().String(), slow: make(chan struct{}), busy: make(chan struct{}, 100)}
	web := &http.Server{ConnState: gate.ConnState, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			g.busy <- struct{}{}
			<-g.slow
		}
		_, _ = io.WriteString(w, "ok")
	})}
	served := make(chan error, 1)
	go func() { served <- web.Serve(gate) }()
	t.Cleanup(func() {
		_ = web.Close()
		<-served
	})
	return g
}

// get asks on a connection of its own, which it then leaves open.
func (g *gateway) get(path string) error {
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	res, err := client.Get("http://" + g.addr + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

func (g *gateway) dial() net.Conn {
	g.t.Helper()
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

// Connections on which nothing is asked give way to those on which something is.
func TestIdleConnectionsGiveWay(t *testing.T) {
	t.Parallel()
	g := startGateway(t, 4)
	first := g.dial()
	for range 50 {
		g.dial()
		if err := g.get("/"); err != nil {
			t.Fatal(err)
		}
	}
	_ = first.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := first.Read(make([]byte, 1)); err == nil {
		t.Errorf("the connection that waited longest was sent %d bytes", n)
	}
}

// A connection on which a request is served is never closed for another one.
func TestBusyConnectionsStay(t *testing.T) {
	t.Parallel()
	g := startGateway(t, 2)
	done := make(chan error, 3)
	for range 2 {
		go func() { done <- g.get("/slow") }()
		<-g.busy
	}
	go func() { done <- g.get("/") }()
	select {
	case err := <-done:
		t.Fatalf("there was room for a third connection, or for none: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(g.slow)
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
