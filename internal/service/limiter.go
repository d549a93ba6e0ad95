package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"photos/internal/photo"
)

// Limiter is a semaphore that bounds how many calls of one costly kind run at the same
// time. One owner gets only a share of them, so that the load of one owner does not shut
// out the others.
type Limiter struct {
	what  string // what is counted, in the plural
	total int
	share int // of one owner

	mu      sync.Mutex
	taken   int
	byOwner map[string]int
	freed   chan struct{} // closed when a slot becomes free
}

// NewLimiter makes a Limiter with total slots, of which one owner gets at most share.
// what names the calls in the plural, for messages.
func NewLimiter(what string, total, share int) *Limiter {
	return &Limiter{what: what, total: total, share: share, byOwner: map[string]int{}, freed: make(chan struct{})}
}

// Size returns the number of slots, and how many of them one owner gets.
func (l *Limiter) Size() (total, share int) { return l.total, l.share }

// BusyError says that there is no free slot.
type BusyError struct {
	Share      bool // the owner uses up its own share; otherwise all slots are taken
	RetryAfter time.Duration
	msg        string
}

// Error implements error.
func (e *BusyError) Error() string { return e.msg }

// Unwrap returns the error as clients see it.
func (e *BusyError) Unwrap() error {
	return &photo.Error{Kind: photo.KindUnavailable, Msg: e.msg, Hint: "try again in a moment"}
}

// Acquire takes a slot for owner until release is called. If there is none it fails at
// once with a *BusyError.
func (l *Limiter) Acquire(owner string) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.byOwner[owner] >= l.share:
		return nil, &BusyError{true, time.Second, fmt.Sprintf("%d of your %s are in progress", l.share, l.what)}
	case l.taken >= l.total:
		return nil, &BusyError{false, time.Second, "the service is busy with other " + l.what}
	}
	l.taken++
	l.byOwner[owner]++
	return func() { l.release(owner) }, nil
}

// Wait takes a slot for owner as soon as there is one. It returns the error of ctx if that
// ends first.
func (l *Limiter) Wait(ctx context.Context, owner string) (release func(), err error) {
	for {
		l.mu.Lock()
		freed := l.freed
		l.mu.Unlock()
		if release, err := l.Acquire(owner); err == nil {
			return release, nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *Limiter) release(owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken--
	if l.byOwner[owner]--; l.byOwner[owner] == 0 {
		delete(l.byOwner, owner)
	}
	close(l.freed)
	l.freed = make(chan struct{})
}
