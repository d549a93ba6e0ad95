// Package faultproxy stands between a client and a service and does what networks
// do: it cuts, stalls, resets, delays, doubles and reorders requests, each with a
// given probability and by a seed, so that a test sees the same odds again.
// Production code does not import it.
package faultproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Fault is something that happens to a request.
type Fault string

// The faults.
const (
	CutRequest Fault = "cut-request" // the connection ends after some bytes of the request
	CutAnswer  Fault = "cut-answer"  // the service did its work; the answer ends in the middle
	Reset      Fault = "reset"       // the connection is reset before anything happens (RST)
	Stall      Fault = "stall"       // after some bytes nothing moves for a while, then the connection ends
	Latency    Fault = "latency"     // the request comes late
	Duplicate  Fault = "duplicate"   // the service gets the request twice; either answer counts, and the other comes before or after
	Reorder    Fault = "reorder"     // the request waits until another one has passed
	PartAnswer Fault = "part-answer" // an answer in JSON ends in the middle, and looks whole to HTTP
)

// Faults are all of them.
func Faults() []Fault {
	return []Fault{CutRequest, CutAnswer, Reset, Stall, Latency, Duplicate, Reorder, PartAnswer}
}

const (
	stallFor   = 300 * time.Millisecond
	latency    = 50 * time.Millisecond
	reorderFor = 200 * time.Millisecond // at most; another request may not come
	maxDouble  = 16 << 20               // bytes of a body that is kept for sending it twice
)

// Proxy passes requests on to Target. Its methods are safe for concurrent use.
type Proxy struct {
	Target func() string // host:port of the service; it may change as the service restarts

	mu     sync.Mutex
	random *rand.Rand
	rate   float64 // probability of each fault
	counts map[Fault]int
	passed chan struct{} // closed, and made again, when a request has passed
	client http.Client
}

// New makes a proxy without faults; SetRate brings them.
func New(target func() string, seed uint64) *Proxy {
	return &Proxy{
		Target: target, random: rand.New(rand.NewPCG(seed, seed)),
		counts: map[Fault]int{}, passed: make(chan struct{}),
		client: http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// SetRate makes each fault happen to a request with this probability.
func (p *Proxy) SetRate(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
}

// Counts is how often each fault happened.
func (p *Proxy) Counts() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// draw is what happens to the next request, "" mostly, and a fraction that says where.
func (p *Proxy) draw() (Fault, float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	where, odds := p.random.Float64(), p.random.Float64()
	for i, f := range Faults() {
		if odds < p.rate*float64(i+1) {
			p.counts[f]++
			return f, where
		}
	}
	return "", where
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, where := p.draw()
	switch fault {
	case Reset:
		reset(w)
		return
	case CutRequest:
		tear(r, where, 0)
	case Stall:
		tear(r, where, stallFor)
	case Latency:
		wait(r.Context(), time.Duration(where*float64(2*latency)), nil)
	case Reorder:
		wait(r.Context(), reorderFor, p.nextPassed())
	case Duplicate:
		p.twice(w, r, where < 0.5)
		return
	case CutAnswer:
		w = &cutAnswer{w, where}
	case PartAnswer:
		w = &partAnswer{w, where}
	}
	p.pass(w, r)
}

// tear lets a fraction of a request's body pass and ends the connection after a pause.
func tear(r *http.Request, fraction float64, pause time.Duration) {
	if r.ContentLength == 0 { // nothing of it goes through
		wait(r.Context(), pause, nil)
		panic(http.ErrAbortHandler)
	}
	n := int64(fraction * float64(r.ContentLength))
	r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, n), torn{r.Context(), pause}))
}

// torn is where a body breaks off.
type torn struct {
	ctx   context.Context // the request's own
	pause time.Duration
}

func (t torn) Read([]byte) (int, error) {
	wait(t.ctx, t.pause, nil)
	return 0, errors.New("torn by the fault proxy")
}

// wait ends after d, with the request, or when done is closed.
func wait(ctx context.Context, d time.Duration, done <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	case <-ctx.Done():
	}
}

func (p *Proxy) nextPassed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}

// reset ends the connection with a RST: unread bytes are dropped on the way.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// twice passes r on two times, unless it is too long to be kept. The client gets
// the answer to the first, and then the second comes late; or that to the second.
func (p *Proxy) twice(w http.ResponseWriter, r *http.Request, firstCounts bool) {
	if r.ContentLength < 0 || r.ContentLength > maxDouble {
		p.pass(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !firstCounts {
		p.copy(r.Context(), r, body)
	}
	p.pass(w, r)
	if firstCounts {
		_ = http.NewResponseController(w).Flush()
		p.copy(context.WithoutCancel(r.Context()), r, body) // the client may have left with its answer
	}
}

// copy sends r for nobody to hear the answer.
func (p *Proxy) copy(ctx context.Context, r *http.Request, body []byte) {
	res, err := p.send(r.WithContext(ctx), bytes.NewReader(body))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

func (p *Proxy) send(r *http.Request, body io.Reader) (*http.Response, error) {
	u := *r.URL
	u.Scheme, u.Host = "http", p.Target()
	if r.ContentLength > 0 {
		// Nobody looks behind the last byte: the server closes r.Body as soon as an answer begins,
		// and a transport that then still looks for its end drops the connection.
		body = io.LimitReader(body, r.ContentLength)
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, u.String(), body)
	if err != nil {
		return nil, err
	}
	out.Header, out.Host, out.ContentLength = r.Header.Clone(), r.Host, r.ContentLength
	if r.ContentLength == 0 {
		out.Body = http.NoBody
	}
	return p.client.Do(out)
}

// pass sends r on and its answer back. When the service cannot be reached, or goes
// away, the client sees its connection end, as it would without a proxy.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request) {
	res, err := p.send(r, r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	p.mu.Lock()
	close(p.passed)
	p.passed = make(chan struct{})
	p.mu.Unlock()
	maps.Copy(w.Header(), res.Header)
	body := io.Reader(res.Body)
	if part, ok := w.(*partAnswer); ok && res.StatusCode == http.StatusOK && res.Header.Get("Content-Type") == "application/json" {
		body = part.of(body)
	}
	w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(w, body); err != nil {
		panic(http.ErrAbortHandler)
	}
	if c, ok := w.(*cutAnswer); ok {
		c.cut()
	}
}

// cutAnswer ends the connection in the middle of an answer: among its bytes or,
// when it has none or few, before its header.
type cutAnswer struct {
	http.ResponseWriter
	where float64
}

func (c *cutAnswer) WriteHeader(status int) {
	if c.where < 0.5 {
		c.cut()
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *cutAnswer) Write(b []byte) (int, error) {
	n := int(c.where * float64(len(b)))
	_, _ = c.ResponseWriter.Write(b[:n]) // the connection goes next
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	c.cut()
	return n, io.ErrShortWrite
}

func (c *cutAnswer) cut() { panic(http.ErrAbortHandler) }

// partAnswer sends a part of an answer as a whole one, as a proxy does when a service that it asks in HTTP/1.0 is killed.
type partAnswer struct {
	http.ResponseWriter
	where float64
}

// of returns the part of a body.
func (p *partAnswer) of(body io.Reader) io.Reader {
	whole, err := io.ReadAll(body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.Header().Del("Content-Length")
	return bytes.NewReader(whole[:int(p.where*float64(len(whole)))])
}
