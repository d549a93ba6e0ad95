package disk

import (
	"os"
	"sync"
)

// A folder shares its syncs between callers: while one runs, later callers wait for the next
// one, which then begins after what they have done in the folder.
type folder struct {
	root *os.Root
	path string

	mu      sync.Mutex
	running bool
	next    *round // what a caller now would wait for; nil when nobody waits
}

// A round is one sync and those who wait for it.
type round struct {
	done chan struct{} // closed when err holds
	err  error
}

func (s *Store) folder(path string) *folder { return &folder{root: s.root, path: path} }

// sync makes the names durable that are in the folder now.
func (f *folder) sync() error {
	f.mu.Lock()
	if f.next == nil {
		f.next = &round{done: make(chan struct{})}
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
		r.err = refused(syncFolder(f.root, f.path))
		close(r.done)
	}
}
