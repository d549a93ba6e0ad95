package client

import (
	"errors"
	"sync"
	"time"

	"photos/internal/photo"
)

// tellAfter is how long a service is away before the user is told.
const tellAfter = 5 * time.Second

// outage is a time without a service that had answered before. Many requests meet it
// together, and one tells the user.
type outage struct {
	wait time.Duration
	away func(reason error, until time.Time)
	back func()

	mu    sync.Mutex
	since time.Time // zero: there is none
	told  bool
}

// met is called with the error of a request that goes on trying until the given time.
func (o *outage) met(reason error, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = time.Now()
	}
	if o.told || o.away == nil || time.Since(o.since) < tellAfter {
		return
	}
	o.told = true
	o.away(reason, until)
}

// over is called when a request was answered.
func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told && o.back != nil {
		o.back()
	}
	o.since, o.told = time.Time{}, false
}

// mayPass reports whether a request may succeed when the service is there again.
func mayPass(err error) bool {
	var permanent permanentError
	return photo.KindOf(err) == photo.KindUnavailable && (!errors.As(err, &permanent) || permanent.passes)
}
