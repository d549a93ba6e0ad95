package transfer

import (
	"time"

	"photos/internal/client"
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
		r.presentAs(j, f.description)
	}
	return !again
}

// release forgets that a job is the first of its bytes and returns those that waited for it.
func (r *run) release(j *job) []*job {
	if j.firstOf.IsZero() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.DryRun && j.rec.Outcome != photo.OutcomeFailed && j.rec.Outcome != photo.OutcomePending {
		r.firsts[j.firstOf] = first{description: j.description()}
	} else {
		delete(r.firsts, j.firstOf)
	}
	return j.followers
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
		case j.status.State == photo.Stored:
			present = append(present, j)
		case r.DryRun:
			r.finish(j, wouldBe(j.status.State), nil)
		case j.status.State != photo.Trashed && j.file.size > client.WholeUpload:
			r.large <- j
		default:
			r.small <- j
		}
	}
	r.present(present)
}

// wouldBe is the outcome of a photo that is not stored, if the run were real.
func wouldBe(s photo.State) photo.Outcome {
	if s == photo.Trashed {
		return photo.OutcomeRestored
	}
	return photo.OutcomeUploaded
}
