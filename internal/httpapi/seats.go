package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"photos/internal/photo"
)

// seats bound how many requests of one costly kind are served at a time. An owner gets fewer
// than there are, so that one owner's load is not another one's outage.
type seats struct {
	what  string // is counted, in the plural
	total int
	share int // of one owner

	mu      sync.Mutex
	taken   int
	byOwner map[string]int
	freed   chan struct{} // closed when a seat gets free
}

func newSeats(what string, total, share int) *seats {
	return &seats{what: what, total: total, share: share, byOwner: map[string]int{}, freed: make(chan struct{})}
}

// take takes a seat for owner until release is called. It fails at once when there is none: with
// status 429 beyond the owner's own share, and with 503 when the service is full.
func (s *seats) take(owner string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byOwner[owner] >= s.share:
		return nil, withStatus(http.StatusTooManyRequests, s.refusal(fmt.Sprintf("%d %s of yours are under way", s.share, s.what)))
	case s.taken >= s.total:
		return nil, s.refusal("the service is busy with other " + s.what)
	}
	s.taken++
	s.byOwner[owner]++
	return func() { s.release(owner) }, nil
}

func (s *seats) refusal(msg string) error {
	return &retryError{time.Second, &photo.Error{Kind: photo.KindUnavailable, Msg: msg, Hint: "try again in a moment"}}
}

// wait takes a seat for owner as soon as there is one, or returns the error of ctx when that ends
// before.
func (s *seats) wait(ctx context.Context, owner string) (release func(), err error) {
	for {
		s.mu.Lock()
		freed := s.freed
		s.mu.Unlock()
		if release, err := s.take(owner); err == nil {
			return release, nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *seats) release(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.byOwner[owner]--; s.byOwner[owner] == 0 {
		delete(s.byOwner, owner)
	}
	close(s.freed)
	s.freed = make(chan struct{})
}
