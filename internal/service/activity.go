package service

import (
	"context"
	"sync"
	"time"
)

// quiet is how long after the last upload work in the background goes on. The requests of
// one run of a client follow each other faster.
const quiet = time.Second

// activity knows whether uploads are in progress, so that other work can wait.
type activity struct {
	mu      sync.Mutex
	running int
	last    time.Time     // when an upload ended
	ended   chan struct{} // closed at the end of an upload
}

func newActivity() *activity { return &activity{ended: make(chan struct{})} }

// begin notes that an upload is in progress, until end is called.
func (a *activity) begin() (end func()) {
	a.mu.Lock()
	a.running++
	a.mu.Unlock()
	return a.end
}

func (a *activity) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	a.last = time.Now()
	close(a.ended)
	a.ended = make(chan struct{})
}

// next returns a channel that is closed when the next upload ends.
func (a *activity) next() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended
}

// busy returns whether uploads are in progress, or were a moment ago.
func (a *activity) busy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.running > 0 || time.Since(a.last) < quiet
}

// wait returns when no uploads are in progress, when most is over, or when ctx ends.
func (a *activity) wait(ctx context.Context, most time.Duration) {
	const look = quiet / 4
	for start := time.Now(); ctx.Err() == nil && a.busy() && time.Since(start) < most; {
		sleep(ctx, min(look, most))
	}
}
