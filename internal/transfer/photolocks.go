package transfer

import (
	"sync"

	"photos/internal/photo"
)

// photoLocks gives a photo to one worker at a time. A photo may be named twice in a run.
type photoLocks struct {
	mu   sync.Mutex
	busy map[photo.ID]chan struct{} // closed when the worker is done
}

func newPhotoLocks() *photoLocks {
	return &photoLocks{busy: map[photo.ID]chan struct{}{}}
}

// lock waits until no other worker has the photo.
func (l *photoLocks) lock(id photo.ID) (unlock func()) {
	mine := make(chan struct{})
	for {
		l.mu.Lock()
		other, busy := l.busy[id]
		if !busy {
			l.busy[id] = mine
		}
		l.mu.Unlock()
		if !busy {
			break
		}
		<-other
	}
	return func() {
		l.mu.Lock()
		delete(l.busy, id)
		l.mu.Unlock()
		close(mine)
	}
}
