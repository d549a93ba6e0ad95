package transfer

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"photos/internal/api"
	"photos/internal/batch"
	"photos/internal/client"
	"photos/internal/photo"
)

// Original is what a copy needs of the service that it reads from. *client.Client implements it.
type Original interface {
	Source
	History(ctx context.Context, id photo.ID) (api.History, error)
}

// Target is what a copy needs of the service that it writes to. *client.Client implements it.
type Target interface {
	Check(ctx context.Context, ids []photo.ID) ([]photo.Status, error)
	Upload(ctx context.Context, u client.Upload) (client.Uploaded, error)
	Describe(ctx context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error)
	Edit(ctx context.Context, id photo.ID, patch api.PhotoPatch, version *int64) (photo.Photo, error)
}

// OutcomeCopied is the outcome of a copy that brought the bytes to the target.
const OutcomeCopied photo.Outcome = "copied"

// CopyOptions say how a copy runs.
type CopyOptions struct {
	Jobs     int      // photos at a time; 0: DefaultCopyJobs
	DryRun   bool     // change nothing; records say what would happen
	Progress Progress // nil: none
	To       string   // what messages call the target
}

// DefaultCopyJobs hides the time between requests and their answers. Each photo has a connection
// to both services.
const DefaultCopyJobs = 16

// Copy copies photos from one service to another, with their names, dates, descriptions, folders
// and tags. It calls each with one record per photo, from one goroutine. The bytes go through
// memory in small pieces, and both this process and the target compare them with the photo's ID.
// What the target has already is not sent, so a copy that was interrupted can be repeated. The
// error says what ended the run early. Failures of single photos are only in their records.
func Copy(ctx context.Context, from Original, to Target, photos iter.Seq[Wanted], o CopyOptions, each func(Record)) (Summary, error) {
	if o.Progress == nil {
		o.Progress = noProgress{}
	}
	if o.Jobs <= 0 {
		o.Jobs = DefaultCopyJobs
	}
	c := &copier{CopyOptions: o, from: from, to: to, done: make(chan Record), busy: newPhotoLocks()}
	c.ctx, c.stop = context.WithCancelCause(ctx)
	defer c.stop(nil)
	found, checked := make(chan Wanted), make(chan copyTask, queued)
	all := workers(o.Jobs, func() { c.copyAll(checked) })
	all.Go(func() { c.queueAll(photos, found) })
	all.Go(func() { c.checkAll(found, checked) })
	go func() { all.Wait(); close(c.done) }()
	var sum Summary
	for rec := range c.done {
		sum.Add(rec)
		o.Progress.Done(rec)
		each(rec)
	}
	if err := context.Cause(c.ctx); err != nil {
		return sum, stopError(err)
	}
	return sum, nil
}

// copier is one call of Copy.
type copier struct {
	CopyOptions
	from Original
	to   Target
	ctx  context.Context // this run's own, ended by the failure that ends the run
	stop context.CancelCauseFunc
	done chan Record
	busy *photoLocks
}

// copyTask is one photo to copy, and what the target has of it.
type copyTask struct {
	Wanted
	status photo.Status
}

func (c *copier) queueAll(photos iter.Seq[Wanted], queue chan<- Wanted) {
	defer close(queue)
	for w := range photos {
		switch {
		case w.Err == nil:
			c.Progress.Found(w.Photo.Name, w.Photo.Size)
			select {
			case queue <- w:
				continue
			case <-c.ctx.Done():
			}
			if w.Name == "" { // otherwise the caller reports it
				c.finish(c.record(w), photo.OutcomePending, nil)
			}
			return
		case photo.EndsRun(w.Err), w.Name == "":
			c.stop(w.Err)
			return
		default:
			c.done <- Record{Item: Item{Path: w.Name, Index: w.Index}, Outcome: photo.OutcomeFailed, Err: w.Err}
		}
	}
}

// checkAll asks the target about photos, many with one request.
func (c *copier) checkAll(found <-chan Wanted, checked chan<- copyTask) {
	defer close(checked)
	for group := range batch.Of(found, batch.Limits{Size: 1000, Idle: batchIdle, Age: time.Second}) {
		ids := make([]photo.ID, len(group))
		for i, w := range group {
			ids[i] = w.Photo.ID
		}
		states, err := c.to.Check(c.ctx, ids)
		if photo.KindOf(err) == photo.KindForbidden { // the caller may upload nothing there
			c.stop(err)
		}
		for i, w := range group {
			if err != nil {
				c.finish(c.record(w), photo.OutcomeFailed, err)
				continue
			}
			checked <- copyTask{w, states[i]}
		}
	}
}

func (c *copier) copyAll(tasks <-chan copyTask) {
	for t := range tasks {
		if rec := c.record(t.Wanted); c.ctx.Err() != nil {
			c.finish(rec, photo.OutcomePending, nil)
		} else {
			c.copy(t, rec)
		}
	}
}

func (c *copier) record(w Wanted) *Record {
	return &Record{Item: Item{Path: w.Photo.Name, Index: w.Index}, ID: w.Photo.ID, Bytes: w.Photo.Size}
}

// finish completes the record of a photo.
func (c *copier) finish(rec *Record, o photo.Outcome, err error) {
	switch {
	case err != nil && (photo.EndsRun(err) || c.ctx.Err() != nil):
		c.stop(err)
		o, err = photo.OutcomePending, nil
	case err != nil:
		o = photo.OutcomeFailed
	}
	rec.Outcome, rec.Err = o, err
	c.done <- *rec
}

// copy copies one photo, or brings the target's knowledge of it up to date.
func (c *copier) copy(t copyTask, rec *Record) {
	start := time.Now()
	defer c.busy.lock(t.Photo.ID)() // it may be named twice
	var o photo.Outcome
	var err error
	switch state := t.status.State; {
	case state == photo.Trashed:
		o, rec.Reason = photo.OutcomeSkipped, "in the trash of "+c.To
	case state == photo.Stored:
		o, err = c.improve(t.Photo, t.status, rec)
	case c.DryRun:
		o = OutcomeCopied
	default:
		o, err = c.send(t.Photo, t.status, rec)
	}
	rec.Seconds = time.Since(start).Seconds()
	c.finish(rec, o, err)
}

// send sends a photo that the target does not have. Its first description goes with the bytes, and
// the later ones follow. If the copy is interrupted between, the next one finds the first
// description there and continues.
func (c *copier) send(p photo.Photo, s photo.Status, rec *Record) (photo.Outcome, error) {
	texts, err := c.descriptions(p)
	if err != nil {
		return photo.OutcomeFailed, err
	}
	c.Progress.Sending(p.Name, p.Size)
	body := newRemoteFile(c.ctx, c.from, p)
	defer body.close()
	up, err := c.to.Upload(c.ctx, client.Upload{
		Meta: api.UploadMetadata{
			Filename: p.Name, ID: p.ID, Description: texts[0].Description, DescriptionSource: texts[0].Source,
			Caption: photo.CaptionNever, Facts: claims(p),
		},
		Body: body, Size: p.Size, ID: s.Upload, Offset: s.Offset,
		Sent: func(n int64) { c.Progress.Moved(p.Name, n) },
	})
	rec.Attempts, rec.DescriptionKept = up.Attempts, up.DescriptionKept
	if fault := body.fault(); fault != nil && err != nil {
		err = fault // the target only knows that bytes are missing
	}
	if err == nil && up.Outcome != photo.OutcomeExists {
		err = c.describe(texts[1:])
	}
	if err == nil {
		err = c.correct(p, photo.Status{})
	}
	if up.Outcome == photo.OutcomeUploaded {
		up.Outcome = OutcomeCopied
	}
	return up.Outcome, err
}

// claims returns the facts that an upload may claim. The target reads those of the picture itself.
func claims(p photo.Photo) photo.Facts {
	f := p.Facts()
	if !f.TakenSource.Claimable() {
		f.Taken, f.TakenSource = photo.Moment{}, ""
	}
	if !f.PositionSource.Claimable() {
		f.Position, f.PositionSource = nil, ""
	}
	return f
}

// descriptions returns all descriptions of a photo that its service still has, the earliest first
// and the present one last. There is at least one. A photo without a description now has only that.
func (c *copier) descriptions(p photo.Photo) ([]api.DescriptionItem, error) {
	now := api.DescriptionItem{ID: p.ID, Description: p.Description, Source: p.DescriptionSource}
	if p.Description == "" || p.Version <= 1 {
		return []api.DescriptionItem{now}, nil
	}
	h, err := c.from.History(c.ctx, p.ID)
	if kind := photo.KindOf(err); kind == photo.KindNotFound || kind == photo.KindForbidden {
		return []api.DescriptionItem{now}, nil // a service or an access key without histories
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(h.Revisions, func(a, b api.Revision) int { return cmp.Compare(a.Number, b.Number) })
	var texts []api.DescriptionItem
	for _, r := range h.Revisions {
		if !r.Current {
			texts = append(texts, api.DescriptionItem{ID: p.ID, Description: r.Description, Source: r.DescriptionSource})
		}
	}
	return append(texts, now), nil
}

// describe sets descriptions of one photo at the target, one after the other.
func (c *copier) describe(items []api.DescriptionItem) error {
	if len(items) == 0 {
		return nil
	}
	results, err := c.to.Describe(c.ctx, items)
	for _, r := range results {
		err = errors.Join(err, client.ProblemError(r.Problem))
	}
	return err
}

// improve gives a photo that the target has what the target does not know of it. A description
// there stays, unless it is an earlier one of this photo.
func (c *copier) improve(p photo.Photo, s photo.Status, rec *Record) (photo.Outcome, error) {
	texts, kept, err := c.newer(p, s.Description)
	rec.DescriptionKept = kept
	o := photo.OutcomeExists
	if len(texts) > 0 {
		o = photo.OutcomeDescribed
	}
	if err != nil || c.DryRun {
		return o, err
	}
	if facts := claims(p); facts.Improve(s) {
		body := newRemoteFile(c.ctx, c.from, p)
		defer body.close()
		up, err := c.to.Upload(c.ctx, client.Upload{
			Meta: api.UploadMetadata{Filename: p.Name, ID: p.ID, Caption: photo.CaptionNever, Facts: facts},
			Body: body, Size: p.Size, Stored: true,
		})
		if rec.Attempts = up.Attempts; err != nil {
			return photo.OutcomeFailed, err
		}
	}
	if err := c.describe(texts); err != nil {
		return photo.OutcomeFailed, err
	}
	return o, c.correct(p, s)
}

// newer returns the descriptions of a photo that are newer than the one at the target. kept says
// that the target has another description, which the photo never had here.
func (c *copier) newer(p photo.Photo, there string) (texts []api.DescriptionItem, kept bool, err error) {
	if p.Description == "" || p.Description == there {
		return nil, false, nil
	}
	texts, err = c.descriptions(p)
	for i, text := range slices.Backward(texts) {
		if text.Description == there {
			return texts[i+1:], false, err
		}
	}
	if there != "" || err != nil {
		return nil, err == nil, err
	}
	last := texts[len(texts)-1]
	last.OnlyIfEmpty = true
	return []api.DescriptionItem{last}, false, nil
}

// correct sets the date and the position that the user corrected, unless they were corrected at
// the target as well.
func (c *copier) correct(p photo.Photo, s photo.Status) error {
	var patch api.PhotoPatch
	if p.TakenSource == photo.FactUser && s.TakenSource != photo.FactUser {
		patch.TakenAt = api.Nullable[photo.Moment]{Given: true, Value: &p.TakenAt}
	}
	if p.PositionSource == photo.FactUser && s.PositionSource != photo.FactUser && p.Position != nil {
		at := *p.Position
		patch.Position = api.Nullable[api.Position]{Given: true, Value: &api.Position{Latitude: &at.Latitude, Longitude: &at.Longitude}}
	}
	if !patch.TakenAt.Given && !patch.Position.Given {
		return nil
	}
	_, err := c.to.Edit(c.ctx, p.ID, patch, nil)
	return err
}
