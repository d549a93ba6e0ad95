package service_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/blob"
	"photos/internal/store"
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

// stuckStaging cannot remove one staged upload.
type stuckStaging struct {
	blob.Staging
	stuck string
}

var errStuck = errors.New("it cannot be removed")

// Discard implements blob.Staging.
func (s stuckStaging) Discard(ctx context.Context, name string) error {
	if name == s.stuck {
		return errStuck
	}
	return s.Staging.Discard(ctx, name)
}

// TestSweepGoesOn: bytes that cannot be removed are reported, and do not keep others, whose rows are gone as well.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Minute)
	p := w.processes[0]
	owner, err := p.db.Owner(t.Context(), "pool", "ada")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"first", "second", "third"}
	for _, name := range names {
		staged, err := p.disk.Create(t.Context(), owner, name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.db.CreateUpload(t.Context(), store.Upload{ID: name, Owner: owner, Length: 1}, 0)
		if err := errors.Join(err, staged.Close()); err != nil {
			t.Fatal(err)
		}
	}
	p.sweeper.Staging = stuckStaging{p.disk, names[0]}
	if err := p.sweeper.Sweep(t.Context()); !errors.Is(err, errStuck) {
		t.Errorf("the sweep: %v", err)
	}
	for i, name := range names {
		if _, err := p.disk.StagedSize(t.Context(), name); errors.Is(err, blob.ErrNotFound) != (i > 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
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
