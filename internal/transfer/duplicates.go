package transfer

import (
	"cmp"
	"sync"

	"photos/internal/photo"
)

// duplicates keeps items of the same bytes apart: while one of them is in the pipeline, the
// others wait for it. When it is finished, they come back into the pipeline through takeReady,
// because what the service has of the photo is known then. A duplicates is safe for
// concurrent use.
type duplicates struct {
	dryRun bool
	wake   chan struct{} // has a value when takeReady may return something

	mu      sync.Mutex
	firsts  map[photo.ID]first // by digest
	waiting int                // followers and those in ready
	ready   []*task
}

// first is the first item of some bytes, while it is in the pipeline. After that the service
// has the photo. In a dry run it does not, so stored remains.
type first struct {
	task   *task        // nil when it is finished
	stored photo.Status // what the service would have of the photo
	path   string       // of the item
}

func newDuplicates(dryRun bool) *duplicates {
	return &duplicates{dryRun: dryRun, wake: make(chan struct{}, 1), firsts: map[photo.ID]first{}}
}

// add reports whether the pipeline has no other item of the same bytes, so that t can go on.
// If not, t waits.
func (d *duplicates) add(t *task) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, found := d.firsts[t.file.id]
	switch {
	case !found:
		t.firstOf = t.file.id
		d.firsts[t.firstOf] = first{task: t}
		return true
	case f.task != nil:
		t.twin = f.task.item.Path
		f.task.followers = append(f.task.followers, t)
		d.waiting++
		return false
	}
	t.status, t.checked, t.twin = f.stored, true, f.path
	return true
}

// release ends the wait of those that follow t, which is finished. If the service has the
// photo now, takeReady returns them with its status. If it does not, because t failed or its
// file has changed, takeReady returns one of them, and the others wait for that one. If the
// run has stopped, all of them are returned as abandoned.
func (d *duplicates) release(t *task) (abandoned []*task) {
	if t.firstOf.IsZero() {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	followers := t.followers
	t.followers = nil
	delete(d.firsts, t.firstOf)
	switch {
	case t.rec.Outcome == photo.OutcomePending:
		d.waiting -= len(followers)
		d.makeReady() // so that whoever waits for the last of them looks again
		return followers
	case t.rec.Outcome == photo.OutcomeFailed || t.file.id != t.firstOf:
		d.promote(t.firstOf, followers)
		return nil
	case d.dryRun:
		d.firsts[t.firstOf] = first{stored: t.statusAfter(), path: t.item.Path}
	}
	for _, f := range followers {
		f.status, f.checked = t.statusAfter(), true
	}
	d.makeReady(followers...)
	return nil
}

// promote makes the first of the followers the one that the others wait for.
func (d *duplicates) promote(id photo.ID, followers []*task) {
	if len(followers) == 0 {
		return
	}
	next := followers[0]
	next.twin = ""
	for _, f := range followers[1:] {
		f.twin = next.item.Path
	}
	next.firstOf, next.followers = id, followers[1:]
	d.firsts[id] = first{task: next}
	d.makeReady(next)
}

func (d *duplicates) makeReady(tasks ...*task) {
	d.ready = append(d.ready, tasks...)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// takeReady returns the tasks whose wait has ended.
func (d *duplicates) takeReady() []*task {
	d.mu.Lock()
	defer d.mu.Unlock()
	ready := d.ready
	d.waiting -= len(ready)
	d.ready = nil
	return ready
}

// empty reports whether no task waits.
func (d *duplicates) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waiting == 0
}

// statusAfter returns what the service has of the photo after the task, as far as it is
// known.
func (t *task) statusAfter() photo.Status {
	p := photo.Photo{TakenSource: t.status.TakenSource, PositionSource: t.status.PositionSource, Folder: t.status.Folder, Tags: t.status.Tags}
	p.Learn(t.item.Facts)
	return photo.Status{
		ID: t.file.id, State: photo.Stored, Description: cmp.Or(t.status.Description, t.item.Description),
		TakenSource: p.TakenSource, PositionSource: p.PositionSource, Folder: p.Folder, Tags: p.Tags,
	}
}
