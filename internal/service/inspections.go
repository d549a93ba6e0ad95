package service

import (
	"context"
	"io"
	"sync/atomic"

	"photos/internal/picture"
)

// inspections let only some photos be examined at the same time: a hostile one takes much
// memory and a second of a processor.
type inspections struct {
	read    Inspector
	slots   chan struct{}
	waiting atomic.Int64
}

func newInspections(read Inspector, most int) *inspections {
	return &inspections{read: read, slots: make(chan struct{}, most)}
}

// inspect is an Inspector.
func (i *inspections) inspect(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
	i.waiting.Add(1)
	select {
	case i.slots <- struct{}{}:
		i.waiting.Add(-1)
		defer func() { <-i.slots }()
		return i.read(ctx, r, size)
	case <-ctx.Done():
		i.waiting.Add(-1)
		return picture.Info{}, ctx.Err()
	}
}

// Inspections returns how many photos wait for their examination, and how many are examined now.
func (s *Service) Inspections() (waiting, running int) {
	return int(s.inspections.waiting.Load()), len(s.inspections.slots)
}
