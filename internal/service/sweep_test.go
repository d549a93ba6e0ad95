package service_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/blob"
)

// slowBlobs let a walk through the blobs wait.
type slowBlobs struct {
	blob.Store
	walks   atomic.Int64
	walking chan struct{} // gets an element when a walk has begun
	finish  chan struct{} // closed: walks may end
}

// EachBlob implements blob.Store.
func (b *slowBlobs) EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error {
	b.walks.Add(1)
	b.walking <- struct{}{}
	<-b.finish
	return b.Store.EachBlob(ctx, f)
}

// TestOneProcessWalks has two processes sweep at the same time. One walks through the stored
// bytes, and the other one leaves that to it.
func TestOneProcessWalks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute)
	blobs := &slowBlobs{Store: w.processes[0].disk, walking: make(chan struct{}, 9), finish: make(chan struct{})}
	for _, p := range w.processes {
		p.sweeper.Blobs = blobs
	}
	first := make(chan error, 1)
	go func() { first <- w.processes[0].sweeper.Sweep(context.WithoutCancel(t.Context())) }()
	<-blobs.walking
	if err := w.processes[1].sweeper.Sweep(t.Context()); err != nil {
		t.Errorf("the second sweep: %v", err)
	}
	if n := blobs.walks.Load(); n != 1 {
		t.Errorf("%d walks at the same time", n)
	}
	close(blobs.finish)
	if err := <-first; err != nil {
		t.Errorf("the first sweep: %v", err)
	}
	if err := w.processes[1].sweeper.Sweep(t.Context()); err != nil {
		t.Errorf("a later sweep: %v", err)
	}
	if n := blobs.walks.Load(); n != 2 {
		t.Errorf("%d walks after the first one ended", n)
	}
}
