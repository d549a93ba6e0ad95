// Package batch groups items that come one by one, so that one request can handle
// many of them and none waits long for the others.
package batch

import (
	"iter"
	"time"
)

// Limits say when a batch is complete. It ends with the first limit that it reaches.
type Limits struct {
	Size int           // the number of items
	Idle time.Duration // how long nothing more has come
	Age  time.Duration // how long ago its first item came
}

// Of yields the items of in, in batches, until in is closed. No batch is empty.
func Of[T any](in <-chan T, l Limits) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for {
			batch, more := next(in, l)
			if len(batch) > 0 && !yield(batch) {
				return
			}
			if !more {
				return
			}
		}
	}
}

// next collects one batch. more is false once in is closed.
func next[T any](in <-chan T, l Limits) (batch []T, more bool) {
	first, ok := <-in
	if !ok {
		return nil, false
	}
	batch = append(batch, first)
	old := time.NewTimer(l.Age)
	defer old.Stop()
	idle := time.NewTimer(l.Idle)
	defer idle.Stop()
	for len(batch) < l.Size {
		select {
		case item, ok := <-in:
			if !ok {
				return batch, false
			}
			batch = append(batch, item)
			idle.Reset(l.Idle)
		case <-idle.C:
			return batch, true
		case <-old.C:
			return batch, true
		}
	}
	return batch, true
}
