// Package watch tells that something may have changed in folders. The events come from the operating
// system, which does not report everything: changes that another machine makes on a network disk, for
// example. So whoever watches also looks from time to time.
package watch

import (
	"errors"
	"runtime"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// Watcher watches folders. It is safe for concurrent use.
type Watcher struct {
	events  *fsnotify.Watcher
	changed chan struct{}
}

// New returns a Watcher of no folder. Close must be called in the end.
func New() (*Watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{events: events, changed: make(chan struct{}, 1)}
	go w.run()
	return w, nil
}

// run passes events on until the Watcher is closed.
func (w *Watcher) run() {
	for {
		select {
		case e, more := <-w.events.Events:
			if !more {
				return
			}
			if e.Op == fsnotify.Chmod {
				continue
			}
		case err, more := <-w.events.Errors:
			if !more {
				return
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) { // after that one, events are missing
				continue
			}
		}
		select {
		case w.changed <- struct{}{}:
		default: // the one before has not been taken yet
		}
	}
}

// Add also watches a folder, but not the folders in it. It may be called again for the same folder.
func (w *Watcher) Add(folder string) error { return w.events.Add(folder) }

// Limit returns the name of the kernel's setting that is too low, if that is why a folder cannot be
// watched (inotify(7)), or "".
func Limit(err error) string {
	switch {
	case runtime.GOOS != "linux":
		return ""
	case errors.Is(err, syscall.ENOSPC):
		return "fs.inotify.max_user_watches"
	case errors.Is(err, syscall.EMFILE):
		return "fs.inotify.max_user_instances"
	}
	return ""
}

// Changed returns a channel with a value when something may have changed since the last one.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Close ends the events.
func (w *Watcher) Close() error { return w.events.Close() }
