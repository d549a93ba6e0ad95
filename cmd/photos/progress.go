package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"photos/internal/photo"
	"photos/internal/text"
	"photos/internal/transfer"
)

// progress shows how a run goes on: bars on a terminal, elsewhere a line every
// ten seconds at most. While bars are up, everything that is printed goes
// through them, so that neither tears the other.
type progress struct {
	e *env

	// Atomic, since mpb asks for them while it draws, and waits for its drawing
	// when it is told something: a lock held across a call to it would be a deadlock.
	found, done, bytes, moved atomic.Int64

	mu     sync.Mutex
	active map[string]*mpb.Bar // large files under way

	bars     *mpb.Progress // nil when there are none
	total    *mpb.Bar
	out, err io.Writer // what env had before
	ticker   *time.Ticker
	stopped  chan struct{}
}

const lineEvery = 10 * time.Second

// newProgress begins to show; stop ends it.
func newProgress(ctx context.Context, e *env) *progress {
	p := &progress{e: e, out: e.out, err: e.err, active: map[string]*mpb.Bar{}, stopped: make(chan struct{})}
	switch {
	case e.set.Quiet:
	case e.terminal.err:
		p.startBars(ctx)
	default:
		p.ticker = time.NewTicker(lineEvery)
		go p.lines()
	}
	return p
}

func (p *progress) startBars(ctx context.Context) {
	p.bars = mpb.NewWithContext(context.WithoutCancel(ctx), mpb.WithOutput(p.err), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.total = p.bars.New(0, barStyle(),
		mpb.BarPriority(1<<20), // below the files
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.counts() }, decor.WC{C: decor.DSyncSpaceR})),
		mpb.AppendDecorators(
			decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace),
			decor.AverageSpeed(decor.SizeB1000(0), "% .1f", decor.WCSyncSpace),
			decor.OnAbort(decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace), ""),
		))
	p.e.err = p.bars
	if p.e.terminal.out {
		p.e.out = p.bars
	}
}

// lines is the progress of a log file.
func (p *progress) lines() {
	for {
		select {
		case <-p.ticker.C:
			p.e.say("photos: %d of %d photos, %s of %s so far", p.done.Load(), p.found.Load(), showBytes(p.moved.Load()), showBytes(p.bytes.Load()))
		case <-p.stopped:
			return
		}
	}
}

func (p *progress) counts() string {
	return fmt.Sprintf("%d/%d photos", p.done.Load(), p.found.Load())
}

// Found implements transfer.Progress.
func (p *progress) Found(_ string, bytes int64) {
	p.found.Add(1)
	total := p.bytes.Add(bytes)
	if p.total != nil {
		p.total.SetTotal(total, false)
	}
}

// Sending implements transfer.Progress.
func (p *progress) Sending(path string, bytes int64) {
	if p.bars == nil || bytes <= photo.MaxWhole {
		return
	}
	b := p.bars.New(bytes, barStyle(),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(text.Line(filepath.Base(path)), decor.WC{C: decor.DSyncSpaceR})),
		mpb.AppendDecorators(decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace)))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active[path] = b
}

// bar is a large file's, nil for others.
func (p *progress) bar(path string) *mpb.Bar {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active[path]
}

// Moved implements transfer.Progress.
func (p *progress) Moved(path string, n int64) {
	p.moved.Add(n)
	if p.bars == nil {
		return
	}
	p.total.SetCurrent(p.moved.Load())
	if b := p.bar(path); b != nil {
		b.IncrInt64(n)
	}
}

// Done implements transfer.Progress. What needed no sending counts as moved, so
// that the total is reached.
func (p *progress) Done(r transfer.Record) {
	if !r.ID.IsZero() {
		p.done.Add(1)
	}
	if r.Attempts == 0 && !r.ID.IsZero() {
		p.Moved("", r.Bytes)
	}
	if b := p.bar(r.Path); b != nil {
		b.Abort(true)
		p.mu.Lock()
		delete(p.active, r.Path)
		p.mu.Unlock()
	}
}

// barStyle is a thin line.
func barStyle() mpb.BarStyleComposer {
	return mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─")
}

// stop takes the bars away; every bar must end, or Wait would not.
func (p *progress) stop() {
	close(p.stopped)
	if p.ticker != nil {
		p.ticker.Stop()
	}
	if p.bars == nil {
		return
	}
	for _, b := range p.active { // nobody adds to it any more
		b.Abort(true)
	}
	p.total.Abort(true)
	p.bars.Wait()
	p.e.out, p.e.err = p.out, p.err
}
