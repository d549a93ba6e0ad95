package transfer

import (
	"slices"
	"time"

	"photos/internal/photo"
)

const (
	firstBatch  = 32 // small, so that the first bytes are sent early
	batchGrowth = 4  // so that many photos need few requests
	batchIdle   = 50 * time.Millisecond
)

// checkAll asks the service about digests in growing batches and puts each photo into the
// queue that it needs. Duplicates come back here, so it goes on until none waits.
func (u *uploader) checkAll() {
	defer close(u.small)
	defer close(u.large)
	size := firstBatch
	for {
		batch, more := u.nextBatch(size)
		for part := range slices.Chunk(batch, photo.MaxCheck) {
			u.checkBatch(part)
		}
		if !more {
			return
		}
		if len(batch) == size {
			size = min(size*batchGrowth, photo.MaxCheck)
		}
	}
}

// nextBatch collects up to size tasks that no other task of the same bytes precedes. It
// returns fewer when none comes for a while, and more when duplicates come back. more is
// false at the end.
func (u *uploader) nextBatch(size int) (batch []*task, more bool) {
	var idle <-chan time.Time // nil, so it blocks, while the batch is empty
	for len(batch) < size {
		if u.allDigested && (len(batch) > 0 || u.duplicates.empty()) {
			return batch, !u.duplicates.empty()
		}
		digested := u.digested
		if u.allDigested {
			digested = nil
		}
		select {
		case t, ok := <-digested:
			if u.allDigested = !ok; !ok || !u.duplicates.add(t) {
				continue
			}
			batch = append(batch, t)
		case <-u.duplicates.wake:
			batch = append(batch, u.duplicates.takeReady()...)
		case <-idle:
			return batch, true
		}
		idle = time.After(batchIdle)
	}
	return batch, true
}

// checkBatch asks the service about the tasks whose status is not known, and puts all of
// them into the queue of the next stage.
func (u *uploader) checkBatch(batch []*task) {
	var unknown []*task
	var ids []photo.ID
	for _, t := range batch {
		if !t.checked {
			unknown, ids = append(unknown, t), append(ids, t.file.id)
		}
	}
	if len(ids) > 0 {
		statuses, err := u.svc.Check(u.ctx, ids)
		outcome := photo.OutcomeFailed
		if photo.KindOf(err) == photo.KindForbidden { // the caller may not upload anything
			u.stop(err)
			outcome, err = photo.OutcomePending, nil
		}
		for i, t := range unknown {
			if statuses == nil {
				u.finish(t, outcome, err)
				continue
			}
			t.status, t.checked = statuses[i], true
		}
	}
	u.route(slices.DeleteFunc(batch, func(t *task) bool { return !t.checked }))
}

// route puts each task into the queue that it needs. It finishes tasks that need no bytes
// sent.
func (u *uploader) route(tasks []*task) {
	var stored []*task
	for _, t := range tasks {
		switch state := t.status.State; {
		case state == photo.Stored && !u.hasBetterFacts(t):
			stored = append(stored, t)
		case u.DryRun && state == photo.Trashed:
			u.finish(t, photo.OutcomeRestored, nil)
		case u.DryRun:
			u.finish(t, photo.OutcomeUploaded, nil)
		case state != photo.Trashed && state != photo.Stored && t.file.size > photo.MaxWhole:
			u.large <- t
		default:
			u.small <- t
		}
	}
	u.finishStored(stored)
}
