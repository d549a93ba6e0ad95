package sqldb

import (
	"context"
	"slices"
	"sync"
	"time"
)

// mostKeys is how many rows one query of sharedReads asks for.
const mostKeys = 128

// mostTime is how long one query of sharedReads may take. The next calls wait for it, and a network that has
// forgotten its connection drops packets for minutes while every other connection works.
const mostTime = 5 * time.Second

// sharedReads looks up rows for calls that come at the same time. While one query runs, the next calls wait,
// and then share a query: a server needs little more time for many rows than for one, because most of it goes
// into reading and planning the statement. The query of a call begins after the call, so that it sees
// everything that was committed before.
type sharedReads[K comparable, V any] struct {
	query func(ctx context.Context, keys []K) (map[K]V, error)

	mu      sync.Mutex
	asking  bool
	waiting []*sharedRead[K, V]
}

// A sharedRead is one query. Its results are set before done is closed.
type sharedRead[K comparable, V any] struct {
	keys  []K
	done  chan struct{}
	found map[K]V
	err   error
}

// get returns the row of key, and whether there is one. Callers that ask for the same row at the same time
// get copies that share what the row points to, and do not change it.
func (s *sharedReads[K, V]) get(ctx context.Context, key K) (row V, found bool, err error) {
	r := s.join(key)
	select {
	case <-r.done:
		row, found = r.found[key]
		return row, found, r.err
	case <-ctx.Done():
		return row, false, ctx.Err()
	}
}

// join adds key to a query that has not begun.
func (s *sharedReads[K, V]) join(key K) *sharedRead[K, V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n == 0 || len(s.waiting[n-1].keys) == mostKeys {
		s.waiting = append(s.waiting, &sharedRead[K, V]{done: make(chan struct{})})
	}
	r := s.waiting[len(s.waiting)-1]
	if !slices.Contains(r.keys, key) {
		r.keys = append(r.keys, key)
	}
	if !s.asking {
		s.asking = true
		go s.run()
	}
	return r
}

// run runs one query after the other until no call waits. A query belongs to several callers, so it has
// none of their contexts.
func (s *sharedReads[K, V]) run() {
	for r := s.take(); r != nil; r = s.take() {
		ctx, cancel := context.WithTimeout(context.Background(), mostTime)
		if r.found, r.err = s.query(ctx, r.keys); r.err != nil && ctx.Err() != nil {
			r.err = unreachable(r.err)
		}
		cancel()
		close(r.done)
	}
}

func (s *sharedReads[K, V]) take() *sharedRead[K, V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.asking = false
		return nil
	}
	r := s.waiting[0]
	s.waiting = s.waiting[1:]
	return r
}
