package main

import (
	"iter"
	"sync"
)

// parallel calls f with all items, n at a time, and yields what it returns in the order of
// completion.
func parallel[A, B any](items iter.Seq[A], n int, f func(A) B) iter.Seq[B] {
	return func(yield func(B) bool) {
		todo, done := make(chan A), make(chan B)
		go func() {
			defer close(todo)
			for it := range items {
				todo <- it
			}
		}()
		var workers sync.WaitGroup
		for range n {
			workers.Go(func() {
				for it := range todo {
					done <- f(it)
				}
			})
		}
		go func() { workers.Wait(); close(done) }()
		wanted := true
		for result := range done {
			wanted = wanted && yield(result)
		}
	}
}

// unbounded yields what comes through a channel. It holds what the caller has not received yet, so
// that the sender never waits for long.
func unbounded[T any](in <-chan T) iter.Seq[T] {
	out := make(chan T)
	go func() {
		defer close(out)
		var held []T
		for in != nil || len(held) > 0 {
			var next T
			var to chan<- T // nil, so it blocks, while nothing is held
			if len(held) > 0 {
				next, to = held[0], out
			}
			select {
			case v, more := <-in:
				if more {
					held = append(held, v)
				} else {
					in = nil
				}
			case to <- next:
				held = held[1:]
			}
		}
	}()
	return func(yield func(T) bool) {
		wanted := true
		for v := range out {
			wanted = wanted && yield(v)
		}
	}
}
