package main

import (
	"iter"
	"maps"
	"slices"

	"photos/internal/transfer"
)

// inOrder holds records back until those of all earlier items are there. A nil inOrder holds
// nothing back.
type inOrder struct {
	next int // the index of the next record to let through
	held map[int][]transfer.Record
}

// newInOrder returns an inOrder, or nil if order is not wanted.
func newInOrder(wanted bool) *inOrder {
	if !wanted {
		return nil
	}
	return &inOrder{held: map[int][]transfer.Record{}}
}

// add calls each with the records that are not held back any longer.
func (o *inOrder) add(r transfer.Record, each func(transfer.Record)) {
	if o == nil {
		each(r)
		return
	}
	o.held[r.Index] = append(o.held[r.Index], r)
	for ; len(o.held[o.next]) > 0; o.next++ {
		for _, r := range o.held[o.next] {
			each(r)
		}
		delete(o.held, o.next)
	}
}

// rest calls each with all records that are still held back.
func (o *inOrder) rest(each func(transfer.Record)) {
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
