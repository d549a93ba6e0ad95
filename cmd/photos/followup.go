package main

import (
	"context"
	"errors"
	"sync"

	"photos/internal/photo"
	"photos/internal/transfer"
)

// followUp is what a command does with each photo after it was uploaded. Uploads do not wait for it.
type followUp struct {
	jobs  int                                                            // photos at a time
	steps []func(ctx context.Context, r transfer.Record) transfer.Record // each gets the record of the one before
}

// add adds a step that is done for this number of photos at a time.
func (f *followUp) add(jobs int, step func(context.Context, transfer.Record) transfer.Record) {
	f.jobs, f.steps = max(f.jobs, jobs), append(f.steps, step)
}

// uploadCall is a call of transfer.Upload.
type uploadCall func(ctx context.Context, each func(transfer.Record)) (transfer.Summary, error)

// run uploads photos and calls each with their records after the steps.
func (f *followUp) run(ctx context.Context, upload uploadCall, each func(transfer.Record)) (transfer.Summary, error) {
	if len(f.steps) == 0 {
		return upload(ctx, each)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	uploaded := make(chan transfer.Record)
	var failed error
	var uploading sync.WaitGroup
	uploading.Go(func() {
		defer close(uploaded)
		_, failed = upload(ctx, func(r transfer.Record) { uploaded <- r })
	})
	var sum transfer.Summary
	for r := range parallel(unbounded(uploaded), f.jobs, func(r transfer.Record) transfer.Record { return f.do(ctx, r, stop) }) {
		sum.Add(r)
		each(r)
	}
	uploading.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return sum, cause
	}
	return sum, failed
}

// do does all steps with a photo that is stored. A failure that concerns all photos stops the run.
func (f *followUp) do(ctx context.Context, r transfer.Record, stop func(error)) transfer.Record {
	for _, step := range f.steps {
		if !isStored(r.Outcome) {
			return r
		}
		if ctx.Err() != nil {
			r.Outcome = photo.OutcomePending
			return r
		}
		r = step(ctx, r)
		if r.Err != nil && photo.EndsRun(r.Err) {
			stop(r.Err)
			r.Outcome, r.Err = photo.OutcomePending, nil
		}
	}
	return r
}

// isStored reports whether an outcome means that the service has the photo.
func isStored(o photo.Outcome) bool {
	switch o {
	case photo.OutcomeUploaded, photo.OutcomeExists, photo.OutcomeDescribed, photo.OutcomeRestored, photo.OutcomeRepaired:
		return true
	}
	return false
}
