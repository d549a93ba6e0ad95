package transfer

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// IfExists says what becomes of an item's description when the photo is on the
// service already.
type IfExists string

// The rules for photos that exist. A description that is not used is never lost
// silently: the record says DescriptionKept.
const (
	Fill    IfExists = "fill"    // set it where there is none
	Skip    IfExists = "skip"    // leave the photo as it is
	Replace IfExists = "replace" // set it, whatever there is
	Fail    IfExists = "fail"    // the item fails
)

// Options are how an upload runs.
type Options struct {
	Jobs      int             // photos in flight; 0: DefaultJobs
	IfExists  IfExists        // empty: Fill
	DryRun    bool            // ask what is there, change nothing; records say what would have happened
	MaxErrors int             // end the run after so many failed items; 0: never
	Progress  Progress        // nil: nobody looks
	Digests   Digests         // nil: every file is read
	Sidecars  *sidecar.Finder // nil: files next to a photo say nothing about it
	Now       <-chan struct{} // when closed, a stopping run does not wait for what is under way
}

const (
	// DefaultJobs keeps the service's disk busy: small photos cost a sync each,
	// and syncs of several share their price.
	DefaultJobs = 16

	largeJobs = 4 // large files in flight: each fills a disk's stream by itself
	queued    = 1024
	grace     = 10 * time.Second // how long a stopping run waits for what is under way
)

// ErrTooManyFailures is why a run ended that reached Options.MaxErrors.
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

// Upload brings items to the service and calls each with one record an item,
// from one goroutine. When ctx ends, or a failure concerns every item, nothing
// new is begun; small photos under way are finished, large ones parked where
// they can resume, and what was scanned but not done is recorded as pending.
// The error is what ended the run early; failures of single items are in their
// records only.
func Upload(ctx context.Context, svc Service, items iter.Seq[Item], o Options, each func(Record)) (Summary, error) {
	o = o.withDefaults()
	r := &run{
		svc: svc, Options: o,
		scanned:  make(chan *job, queued),
		digested: make(chan *job, queued),
		small:    make(chan *job, queued),
		large:    make(chan *job, queued),
		done:     make(chan *job, o.Jobs),
		firsts:   map[photo.ID]first{},
	}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	var finish context.CancelFunc
	r.sending, finish = lasting(r.ctx, o.Now)
	defer finish()
	r.start(items, o.Jobs)
	var sum Summary
	for j := range r.done {
		sum.Add(j.rec)
		o.Progress.Done(j.rec)
		each(j.rec)
	}
	if err := context.Cause(r.ctx); err != nil {
		return sum, ending(err)
	}
	return sum, nil
}

// run is one Upload under way.
type run struct {
	Options
	svc     Service
	ctx     context.Context //nolint:containedctx // one run's own, ended by the failure that ends the run
	stop    context.CancelCauseFunc
	sending context.Context //nolint:containedctx // outlives ctx by a grace, for requests under way
	failed  atomic.Int64    // items

	scanned, digested, small, large, done chan *job

	mu     sync.Mutex
	firsts map[photo.ID]first // by digest
}

// first is the first item of some bytes, as long as it is under way: after that the
// service knows of the photo. A dry run makes none there, and remembers instead.
type first struct {
	job   *job         // nil when it is done
	there photo.Status // what the service would have of the photo
}

// job is one item on its way.
type job struct {
	item   Item
	start  time.Time
	file   file
	status photo.Status
	back   bool // it was taken out of the trash
	rec    Record

	firstOf   photo.ID // its key in run.firsts, zero when it is not there
	followers []*job   // items of the same bytes, which wait for this one; under run.mu
}

// lasting is a context that ends a grace after ctx does, or at once when now is closed.
func lasting(ctx context.Context, now <-chan struct{}) (context.Context, context.CancelFunc) {
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

// ending is the error of a run that was ended by cause.
func ending(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted", Err: cause}
	}
	return cause
}

// start sets every stage going. Each stage closes the next one's queue, so that
// the end of the scan runs through the pipeline like a last item.
func (r *run) start(items iter.Seq[Item], jobs int) {
	go r.scan(items)
	digesters := workers(max(2, runtime.GOMAXPROCS(0)), func() { r.digestAll() })
	go func() { digesters.Wait(); close(r.digested) }()
	var senders sync.WaitGroup
	senders.Go(r.checkAll)
	senders.Go(func() { workers(jobs, func() { r.sendAll(r.small) }).Wait() })
	senders.Go(func() { workers(min(jobs, largeJobs), func() { r.sendAll(r.large) }).Wait() })
	go func() { senders.Wait(); close(r.done) }()
}

// workers runs f n times at once.
func workers(n int, f func()) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range n {
		wg.Go(f)
	}
	return &wg
}

// scan passes items on until they or the run end. Items may come from a pipe,
// whose reading nothing interrupts: the goroutine that waits there is left behind.
func (r *run) scan(items iter.Seq[Item]) {
	defer close(r.scanned)
	found := make(chan Item)
	go func() {
		defer close(found)
		for item := range items {
			select {
			case found <- item:
			case <-r.ctx.Done():
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
			r.scanned <- &job{item: item, start: time.Now()}
		case <-r.ctx.Done():
			return
		}
	}
}

func (r *run) digestAll() {
	for j := range r.scanned {
		if r.ctx.Err() != nil {
			r.finish(j, photo.OutcomePending, nil)
			continue
		}
		var err error
		if err = j.item.Err; err == nil {
			j.file, err = r.digest(j.item.file())
			j.rec.Bytes = j.file.size
		}
		if err != nil {
			r.unfit(j, err)
			continue
		}
		j.rec.ID = j.file.id
		r.readSidecars(j)
		r.Progress.Found(j.item.Path, j.file.size)
		r.digested <- j
	}
}

// readSidecars looks into the files next to the photo for its date, its position and the
// description that nobody gave.
func (r *run) readSidecars(j *job) {
	if j.item.Spool != "" {
		if r.Sidecars != nil {
			j.item.Caption = r.Sidecars.Caption()
		}
		return
	}
	if r.Sidecars != nil {
		var found sidecar.Found
		found, j.rec.SidecarErr = r.Sidecars.Find(j.item.Path)
		j.item.Facts = found.Facts
		if j.item.Description != "" {
			j.item.Caption = r.Sidecars.Caption()
		} else if j.item.Description, j.item.Caption = found.Description, found.Caption; found.Description != "" {
			j.item.Source = photo.FromSidecar
		}
	}
	j.item.Facts.Modified = j.file.modified
}

// unfit finishes an item whose file is no photo or cannot be read: a picture is
// only expected of a file that the person named.
func (r *run) unfit(j *job, err error) {
	var s *skip
	if !errors.As(err, &s) {
		r.finish(j, photo.OutcomeFailed, err)
		return
	}
	if j.item.Named {
		hint := "photos takes pictures and videos"
		if s == errNotRegular {
			hint = "the bytes of a pipe come by stdin: photos upload - --name NAME"
		}
		r.finish(j, photo.OutcomeFailed, &photo.Error{Kind: photo.KindNotPicture, Msg: s.reason, Hint: hint})
		return
	}
	if j.rec.Reason = s.reason; sidecar.IsSidecar(filepath.Base(j.item.Path)) {
		j.rec.Reason = "a sidecar"
		if r.Sidecars != nil {
			r.Sidecars.Saw(j.item.Path)
		}
	}
	r.finish(j, photo.OutcomeSkipped, nil)
}

// finish records what became of a job, and then of those that waited for it.
func (r *run) finish(j *job, o photo.Outcome, err error) {
	if err != nil && photo.EndsRun(err) {
		r.stop(err) // who reads stdin hears of an interruption before r.ctx does
		o, err = photo.OutcomePending, nil
	}
	if j.back && (o == photo.OutcomeExists || o == photo.OutcomeDescribed) {
		o = photo.OutcomeRestored
	}
	if o == photo.OutcomeFailed && int(r.failed.Add(1)) == r.MaxErrors {
		r.stop(ErrTooManyFailures)
	}
	j.rec.Item, j.rec.Outcome, j.rec.Err = j.item, o, err
	j.rec.Seconds = time.Since(j.start).Seconds()
	there := j.there()
	waiting, next := r.release(j)
	r.done <- j
	if next != nil {
		r.alone(next)
	}
	for _, w := range waiting {
		if o == photo.OutcomePending {
			r.finish(w, o, nil)
		} else {
			r.presentAs(w, there)
		}
	}
}

// presentAs finishes a job whose photo is there by what was done in this run.
func (r *run) presentAs(j *job, there photo.Status) {
	j.status = there
	r.deliver(j)
}

// there returns what the service has of the photo after the job, as far as it is known.
func (j *job) there() photo.Status {
	p := photo.Photo{TakenSource: j.status.TakenSource, PositionSource: j.status.PositionSource}
	p.Learn(j.item.Facts)
	return photo.Status{
		ID: j.file.id, State: photo.Stored, Description: cmp.Or(j.status.Description, j.item.Description),
		TakenSource: p.TakenSource, PositionSource: p.PositionSource,
	}
}

// file is where the item's bytes are.
func (i Item) file() string {
	if i.Spool != "" {
		return i.Spool
	}
	return i.Path
}

// name is what the service is to call the item.
func (i Item) name() string {
	if i.Name != "" {
		return i.Name
	}
	return filepath.Base(i.Path)
}
