package disk

import (
	"os"
	"sync"

	"photos/internal/blob"
)

// folder shares syncs between callers. While one sync runs, later callers wait for the next
// one, which begins after their changes to the folder.
type folder struct {
	root *os.Root
	path string

	mu      sync.Mutex
	running bool
	next    *batch // the sync for which callers wait; nil when nobody waits
}

// batch is one sync, for which several callers may wait.
type batch struct {
	done chan struct{} // closed when err is set
	err  error
}

func (s *Store) folder(path string) *folder { return &folder{root: s.root, path: path} }

// sync makes the names that are now in the folder durable.
func (f *folder) sync() error {
	f.mu.Lock()
	if f.next == nil {
		f.next = &batch{done: make(chan struct{})}
	}
	r := f.next
	if !f.running {
		f.running = true
		go f.syncWhileWanted()
	}
	f.mu.Unlock()
	<-r.done
	return r.err
}

// syncWhileWanted syncs until nobody waits.
func (f *folder) syncWhileWanted() {
	for {
		f.mu.Lock()
		r := f.next
		f.next = nil
		f.running = r != nil
		f.mu.Unlock()
		if r == nil {
			return
		}
		r.err = blob.WriteError(syncFolder(f.root, f.path))
		close(r.done)
	}
}
