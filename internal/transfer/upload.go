package transfer

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/sidecar"
)

// IfExists says what to do with an item's description when the service already has the
// photo.
type IfExists string

// The rules for photos that exist. When a description is not used, the record says so in
// DescriptionKept.
const (
	Fill    IfExists = "fill"    // set it if the photo has none
	Skip    IfExists = "skip"    // leave the photo as it is
	Replace IfExists = "replace" // always set it
	Fail    IfExists = "fail"    // the item fails
)

// Options say how an upload runs.
type Options struct {
	Jobs      int             // photos at a time; 0: DefaultJobs
	IfExists  IfExists        // empty: Fill
	DryRun    bool            // only ask the service; records say what would happen
	MaxErrors int             // end the run after this many failed items; 0: never
	Progress  Progress        // nil: none
	Digests   Digests         // nil: every file is read
	Sidecars  *sidecar.Finder // nil: no sidecar is read
	Now       <-chan struct{} // when closed, a run that stops does not wait for requests under way
}

const (
	// DefaultJobs keeps the service's disk and a long line busy. Each small photo costs a
	// sync and a round trip, and many at a time share them.
	DefaultJobs = 32

	largeJobs = 4 // large files at a time: one of them alone can use all of a disk's speed
	queued    = 1024
	grace     = 10 * time.Second // how long a run that stops waits for requests under way
)

// ErrTooManyFailures is the error of a run that reached Options.MaxErrors.
var ErrTooManyFailures = errors.New("too many failures")

func (o Options) withDefaults() Options {
	if o.Jobs <= 0 {
		o.Jobs = DefaultJobs
	}
	if o.IfExists == "" {
		o.IfExists = Fill
	}
	if o.Progress == nil {
		o.Progress = noProgress{}
	}
	if o.Digests == nil {
		o.Digests = noDigests{}
	}
	return o
}

// Upload sends items to the service. It calls each with one record per item, from one
// goroutine. When ctx ends, or when a failure concerns every item, it begins nothing new:
// small photos under way are finished, large ones stop where they can resume, and items
// that were scanned but not done are recorded as pending. The error says what ended the
// run early. Failures of single items are only in their records.
func Upload(ctx context.Context, svc Service, items iter.Seq[Item], o Options, each func(Record)) (Summary, error) {
	o = o.withDefaults()
	u := &uploader{
		svc: svc, Options: o,
		scanned:    make(chan *task, queued),
		digested:   make(chan *task, queued),
		small:      make(chan *task, queued),
		large:      make(chan *task, queued),
		done:       make(chan *task, o.Jobs),
		duplicates: newDuplicates(o.DryRun),
	}
	u.ctx, u.stop = context.WithCancelCause(ctx)
	defer u.stop(nil)
	var cancel context.CancelFunc
	u.sending, cancel = withGrace(u.ctx, o.Now)
	defer cancel()
	u.start(items, o.Jobs)
	var sum Summary
	for t := range u.done {
		sum.Add(t.rec)
		o.Progress.Done(t.rec)
		each(t.rec)
		t.item.release()
	}
	if err := context.Cause(u.ctx); err != nil {
		return sum, stopError(err)
	}
	return sum, nil
}

// uploader is one call of Upload.
type uploader struct {
	Options
	svc     Service
	ctx     context.Context // this run's own, ended by the failure that ends the run
	stop    context.CancelCauseFunc
	sending context.Context // lasts longer than ctx by a grace, for requests under way
	failed  atomic.Int64    // items

	scanned, digested, small, large, done chan *task
	duplicates                            *duplicates
	allDigested                           bool // checkAll's own: digested is closed and empty
}

// task is one item in the pipeline.
type task struct {
	item     Item
	start    time.Time
	file     file
	status   photo.Status // what the service has of the photo
	checked  bool         // status is known
	restored bool         // the photo was taken out of the trash
	rec      Record

	twin      string   // the path of an earlier item of the same bytes
	firstOf   photo.ID // its key in duplicates.firsts, zero when it is not there
	followers []*task  // items of the same bytes, which wait for this one; guarded by duplicates.mu
}

// withGrace returns a context that ends some time after ctx does, or at once when now is
// closed.
func withGrace(ctx context.Context, now <-chan struct{}) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-ctx.Done():
		case <-out.Done():
			return
		}
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
		case <-now:
		case <-out.Done():
		}
		cancel()
	}()
	return out, cancel
}

// stopError returns the error of a run that cause ended.
func stopError(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted", Err: cause}
	}
	return cause
}

// start starts all stages. Each stage closes the queue of the next one when its own queue
// is closed and empty, so the end of the scan passes through the whole pipeline.
func (u *uploader) start(items iter.Seq[Item], jobs int) {
	go u.scan(items)
	digesters := workers(max(2, runtime.GOMAXPROCS(0)), func() { u.digestAll() })
	go func() { digesters.Wait(); close(u.digested) }()
	var senders sync.WaitGroup
	senders.Go(u.checkAll)
	senders.Go(func() { workers(jobs, func() { u.sendAll(u.small) }).Wait() })
	senders.Go(func() { workers(min(jobs, largeJobs), func() { u.sendAll(u.large) }).Wait() })
	go func() { senders.Wait(); close(u.done) }()
}

// workers runs f in n goroutines.
func workers(n int, f func()) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range n {
		wg.Go(f)
	}
	return &wg
}

// scan puts items into the pipeline until there are no more or the run ends. Items may
// come from a pipe. Nothing can interrupt a read of a pipe, so the goroutine that waits
// there is left behind.
func (u *uploader) scan(items iter.Seq[Item]) {
	defer close(u.scanned)
	found := make(chan Item)
	go func() {
		defer close(found)
		for item := range items {
			select {
			case found <- item:
			case <-u.ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case item, more := <-found:
			if !more {
				return
			}
			u.scanned <- &task{item: item, start: time.Now()}
		case <-u.ctx.Done():
			return
		}
	}
}

func (u *uploader) digestAll() {
	for t := range u.scanned {
		if u.ctx.Err() != nil {
			u.finish(t, photo.OutcomePending, nil)
			continue
		}
		var err error
		if err = t.item.Err; err == nil {
			t.file, err = u.digest(t.item)
			t.rec.Bytes = t.file.size
		}
		if err != nil {
			u.finishUnusable(t, err)
			continue
		}
		t.rec.ID = t.file.id
		if reason := u.readSidecars(t); reason != "" && !t.item.Named {
			u.finishUnusable(t, &skip{reason})
			continue
		}
		u.Progress.Found(t.item.Path, t.file.size)
		u.digested <- t
	}
}

// readSidecars looks in the files next to the photo for its date, its position, its albums and, if the
// item has no description yet, for one. It returns why the photo should be skipped, or "".
func (u *uploader) readSidecars(t *task) (skipped string) {
	defer func() {
		t.item.Facts.Folder, t.item.Facts.Tags = t.item.Folder, append(t.item.Facts.Tags, t.item.Tags...)
		slices.Sort(t.item.Facts.Tags)
		t.item.Facts.Tags = slices.Compact(t.item.Facts.Tags)
	}()
	if t.item.Spool != "" {
		if u.Sidecars != nil {
			t.item.Caption = u.Sidecars.Caption()
		}
		return ""
	}
	if u.Sidecars != nil {
		var found sidecar.Found
		found, t.rec.SidecarErr = u.Sidecars.Find(t.item.Path)
		t.item.Facts, skipped = found.Facts, found.Skip
		if t.item.Description != "" {
			t.item.Caption = u.Sidecars.Caption()
		} else if t.item.Description, t.item.Caption = found.Description, found.Caption; found.Description != "" {
			t.item.Source = photo.FromSidecar
		}
	}
	t.item.Facts.Modified = t.file.modified
	return skipped
}

// finishUnusable finishes an item whose file is not a picture or cannot be read. A file
// that is not a picture is a failure only if the user named it.
func (u *uploader) finishUnusable(t *task, err error) {
	var s *skip
	if !errors.As(err, &s) {
		u.finish(t, photo.OutcomeFailed, err)
		return
	}
	if t.item.Named {
		hint := "photos takes pictures and videos"
		if s == errNotRegular {
			hint = "a pipe is read from stdin: photos upload - --name NAME"
		}
		u.finish(t, photo.OutcomeFailed, &photo.Error{Kind: photo.KindNotPicture, Msg: s.reason, Hint: hint})
		return
	}
	t.rec.Reason = u.reason(t.item.Path, s)
	u.finish(t, photo.OutcomeSkipped, nil)
}

// reason returns why a file that is not a picture is skipped.
func (u *uploader) reason(path string, s *skip) string {
	name := filepath.Base(path)
	switch {
	case s != errNoPicture:
		return s.reason
	case sidecar.IsSidecar(name):
		if u.Sidecars != nil {
			u.Sidecars.MarkSkipped(path)
		}
		return "a sidecar"
	case u.Sidecars != nil && u.Sidecars.IsList(path):
		return "a list of an export"
	case archive.Named(name):
		if _, _, inside := archive.Split(path); inside {
			return "an archive inside an archive"
		}
		return "an archive; name it to upload what is in it"
	}
	return s.reason
}

// finish records the result of a task. Duplicates that waited for it go on.
func (u *uploader) finish(t *task, o photo.Outcome, err error) {
	if err != nil && photo.EndsRun(err) {
		u.stop(err) // the reader of stdin sees an interruption before u.ctx does
		o, err = photo.OutcomePending, nil
	}
	if t.restored && (o == photo.OutcomeExists || o == photo.OutcomeDescribed) {
		o = photo.OutcomeRestored
	}
	if o == photo.OutcomeFailed && int(u.failed.Add(1)) == u.MaxErrors {
		u.stop(ErrTooManyFailures)
	}
	t.record(o, err)
	abandoned := u.duplicates.release(t)
	u.done <- t
	for _, f := range abandoned {
		f.record(photo.OutcomePending, nil)
		u.done <- f
	}
}

// record completes the record of a task.
func (t *task) record(o photo.Outcome, err error) {
	t.rec.Item, t.rec.Outcome, t.rec.Err = t.item, o, err
	if o == photo.OutcomeExists && t.twin != "" {
		t.rec.Reason = "the same bytes as " + t.twin
	}
	t.rec.Seconds = time.Since(t.start).Seconds()
	t.rec.HasDescription = cmp.Or(t.item.Description, t.status.Description) != ""
}

// File returns the path of the item's bytes.
func (i Item) File() string {
	if i.Spool != "" {
		return i.Spool
	}
	return i.Path
}

// name returns the photo's name at the service.
func (i Item) name() string {
	if i.Name != "" {
		return i.Name
	}
	return filepath.Base(i.Path)
}
