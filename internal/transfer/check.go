package transfer

import (
	"time"

	"photos/internal/photo"
)

const (
	firstBatch  = 32 // small, so that the first bytes leave early
	batchGrowth = 4  // few requests for many photos
	batchIdle   = 50 * time.Millisecond
)

// checkAll asks the service about digests in growing batches and sends each
// photo where it has to go.
func (r *run) checkAll() {
	defer close(r.small)
	defer close(r.large)
	size := firstBatch
	for {
		batch, more := r.batch(size)
		r.checkBatch(batch)
		if !more {
			return
		}
		if len(batch) == size {
			size = min(size*batchGrowth, photo.MaxCheck)
		}
	}
}

// batch collects up to size jobs whose digests are new to this run, or fewer
// when none comes for a while. more is false at the end.
func (r *run) batch(size int) (batch []*job, more bool) {
	var idle <-chan time.Time // waits for ever while the batch is empty
	for len(batch) < size {
		select {
		case j, ok := <-r.digested:
			if !ok {
				return batch, false
			}
			if r.isFirst(j) {
				batch = append(batch, j)
				idle = time.After(batchIdle)
			}
		case <-idle:
			return batch, true
		}
	}
	return batch, true
}

// isFirst reports whether no other item of the same bytes is under way. One that
// is not the first is finished after it.
func (r *run) isFirst(j *job) bool {
	r.mu.Lock()
	f, again := r.firsts[j.file.id]
	switch {
	case !again:
		j.firstOf = j.file.id
		r.firsts[j.firstOf] = first{job: j}
	case f.job != nil:
		f.job.followers = append(f.job.followers, j)
	}
	r.mu.Unlock()
	if again && f.job == nil {
		r.presentAs(j, f.there)
	}
	return !again
}

// release forgets that a job is the first of its bytes and returns those that
// waited for it. Where the first one's bytes are not on the service now, since it
// failed or its file has changed, next takes its place: it may fare better.
func (r *run) release(j *job) (waiting []*job, next *job) {
	if j.firstOf.IsZero() {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting = j.followers
	lost := j.rec.Outcome == photo.OutcomeFailed || j.file.id != j.firstOf
	switch {
	case lost && len(waiting) > 0:
		next = waiting[0]
		next.firstOf, next.followers = j.firstOf, waiting[1:]
		r.firsts[next.firstOf] = first{job: next}
		return nil, next
	case r.DryRun && !lost && j.rec.Outcome != photo.OutcomePending:
		r.firsts[j.firstOf] = first{there: j.there()}
	default:
		delete(r.firsts, j.firstOf)
	}
	return waiting, nil
}

func (r *run) checkBatch(batch []*job) {
	if len(batch) == 0 {
		return
	}
	ids := make([]photo.ID, len(batch))
	for i, j := range batch {
		ids[i] = j.file.id
	}
	statuses, err := r.svc.Check(r.ctx, ids)
	if err != nil {
		for _, j := range batch {
			r.finish(j, photo.OutcomeFailed, err)
		}
		return
	}
	var present []*job
	for i, j := range batch {
		j.status = statuses[i]
		switch {
		case j.status.State == photo.Stored && !r.knowsBetter(j):
			present = append(present, j)
		case r.DryRun:
			r.wouldDeliver(j)
		case j.status.State != photo.Trashed && j.status.State != photo.Stored && j.file.size > photo.MaxWhole:
			r.large <- j
		default:
			r.small <- j
		}
	}
	r.present(present)
}

// alone is checkBatch for one job, which it delivers itself.
func (r *run) alone(j *job) {
	statuses, err := r.svc.Check(r.ctx, []photo.ID{j.file.id})
	if err != nil {
		r.finish(j, photo.OutcomeFailed, err)
		return
	}
	switch j.status = statuses[0]; {
	case r.DryRun && j.status.State != photo.Stored:
		r.wouldDeliver(j)
	default:
		r.deliver(j)
	}
}

// wouldDeliver finishes a photo that is not stored as if the run were real.
func (r *run) wouldDeliver(j *job) {
	if j.status.State == photo.Trashed {
		r.finish(j, photo.OutcomeRestored, nil)
		return
	}
	r.finish(j, photo.OutcomeUploaded, nil)
}
