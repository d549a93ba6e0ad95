package transfer

import (
	"time"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

const (
	firstBatch  = 32 // small, so that the first bytes leave early
	batchGrowth = 4  // few requests for many photos
	batchIdle   = 50 * time.Millisecond
)

// checkAll asks the service about digests in growing batches and sends each
// photo where it has to go. It is alone in reading and writing r.firsts.
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

// isFirst reports whether no other item of this run has the same bytes; a later
// one is finished after the first.
func (r *run) isFirst(j *job) bool {
	first, again := r.firsts[j.file.id]
	if !again {
		r.firsts[j.file.id] = j
		return true
	}
	first.mu.Lock()
	finished := first.finished
	if !finished {
		first.followers = append(first.followers, j)
	}
	first.mu.Unlock()
	if finished {
		r.follow(j, first)
	}
	return false
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
		case j.status.State != photo.Trashed && j.file.size > client.WholeUpload:
			r.large <- j
		default:
			r.small <- j
		}
	}
	r.present(present)
}

// present finishes photos the service has already: an empty description is
// filled, a different one kept.
func (r *run) present(jobs []*job) {
	var fill []*job
	for _, j := range jobs {
		switch j.item.Description {
		case "", j.status.Description:
			r.finish(j, photo.OutcomeExists, nil)
			continue
		}
		if j.status.Description == "" {
			fill = append(fill, j)
			continue
		}
		j.rec.DescriptionKept = true
		r.finish(j, photo.OutcomeExists, nil)
	}
	for len(fill) > 0 {
		n := min(len(fill), photo.MaxDescribe)
		r.fill(fill[:n])
		fill = fill[n:]
	}
}

// fill describes photos that had no description a moment ago.
func (r *run) fill(jobs []*job) {
	items := make([]api.DescriptionItem, len(jobs))
	for i, j := range jobs {
		items[i] = api.DescriptionItem{ID: j.file.id, Description: j.item.Description, Source: j.item.Source, OnlyIfEmpty: true}
	}
	results, err := r.svc.Describe(r.ctx, items)
	for i, j := range jobs {
		switch {
		case err != nil:
			r.finish(j, photo.OutcomeFailed, err)
		case results[i].Problem != nil:
			r.finish(j, photo.OutcomeFailed, client.ProblemError(results[i].Problem))
		case results[i].Changed:
			r.finish(j, photo.OutcomeDescribed, nil)
		default:
			j.rec.DescriptionKept = results[i].Photo != nil && results[i].Photo.Description != j.item.Description
			r.finish(j, photo.OutcomeExists, nil)
		}
	}
}
