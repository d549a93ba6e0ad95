package service

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"photos/internal/store"
)

// shareLimit bounds how often each share is asked, so that a link that many people pass on
// does not use up the service. It counts in this process only.
type shareLimit struct {
	burst int // requests at once; each second brings a hundredth of them

	mu     sync.Mutex
	limits map[store.ShareHash]*rate.Limiter
}

// keptLimits is how many shares are counted before those that were not asked for a while are
// forgotten.
const keptLimits = 10_000

func newShareLimit(burst int) *shareLimit {
	return &shareLimit{burst: burst, limits: map[store.ShareHash]*rate.Limiter{}}
}

// take counts a request. Its error is a *BusyError.
func (l *shareLimit) take(share store.ShareHash) error {
	reserved := l.of(share).Reserve()
	wait := reserved.Delay()
	if wait == 0 {
		return nil
	}
	reserved.Cancel()
	return &BusyError{true, max(wait.Round(time.Second), time.Second), "this link is opened too often at the moment"}
}

func (l *shareLimit) of(share store.ShareHash) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.limits[share]
	if one == nil {
		if len(l.limits) >= keptLimits {
			l.forget()
		}
		one = rate.NewLimiter(rate.Limit(float64(l.burst)/100), l.burst)
		l.limits[share] = one
	}
	return one
}

// forget removes the shares that may be asked as often again as a new one.
func (l *shareLimit) forget() {
	for share, one := range l.limits {
		if one.Tokens() >= float64(l.burst) {
			delete(l.limits, share)
		}
	}
}
