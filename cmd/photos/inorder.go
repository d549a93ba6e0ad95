package main

import (
	"iter"
	"maps"
	"slices"
)

// inOrder holds results back until those of all earlier items are there. A nil inOrder holds
// nothing back.
type inOrder[T any] struct {
	index func(T) int
	next  int // the index of the next result to let through
	held  map[int][]T
}

// newInOrder returns an inOrder, or nil if order is not wanted. index returns the number of the item
// that a result is about.
func newInOrder[T any](wanted bool, index func(T) int) *inOrder[T] {
	if !wanted {
		return nil
	}
	return &inOrder[T]{index: index, held: map[int][]T{}}
}

// add calls each with the results that are not held back any longer.
func (o *inOrder[T]) add(r T, each func(T)) {
	if o == nil {
		each(r)
		return
	}
	i := o.index(r)
	o.held[i] = append(o.held[i], r)
	for ; len(o.held[o.next]) > 0; o.next++ {
		for _, r := range o.held[o.next] {
			each(r)
		}
		delete(o.held, o.next)
	}
}

// rest calls each with all results that are still held back.
func (o *inOrder[T]) rest(each func(T)) {
	if o == nil {
		return
	}
	for _, i := range slices.Sorted(maps.Keys(o.held)) {
		for _, r := range o.held[i] {
			each(r)
		}
	}
	clear(o.held)
}

// numbered gives each item its index.
func numbered[T any](items iter.Seq[T], set func(*T, int)) iter.Seq[T] {
	return func(yield func(T) bool) {
		i := 0
		for it := range items {
			set(&it, i)
			if i++; !yield(it) {
				return
			}
		}
	}
}
