package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"photos/internal/client"
	"photos/internal/transfer"
)

// progress shows how a run goes on: bars on a terminal, elsewhere a line every
// ten seconds at most. While bars are up, everything that is printed goes
// through them, so that neither tears the other.
type progress struct {
	e *env

	mu           sync.Mutex
	found, done  int
	bytes, moved int64
	active       map[string]*mpb.Bar // large files under way

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
	p.total = p.bars.New(0, mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"),
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
			p.mu.Lock()
			text := []any{p.done, p.found, showBytes(p.moved), showBytes(p.bytes)}
			p.mu.Unlock()
			p.e.say("photos: %d of %d photos, %s of %s so far", text...)
		case <-p.stopped:
			return
		}
	}
}

func (p *progress) counts() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d/%d photos", p.done, p.found)
}

// Found implements transfer.Progress.
func (p *progress) Found(_ string, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found++
	p.bytes += bytes
	if p.total != nil {
		p.total.SetTotal(p.bytes, false)
	}
}

// Moved implements transfer.Progress.
func (p *progress) Moved(path string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved += n
	if p.bars == nil {
		return
	}
	p.total.SetCurrent(p.moved)
	if b := p.active[path]; b != nil {
		b.IncrInt64(n)
	}
}

// Sending implements transfer.Progress.
func (p *progress) Sending(path string, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bars == nil || bytes <= client.WholeUpload {
		return
	}
	p.active[path] = p.bars.New(bytes, mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(printable(filepath.Base(path)), decor.WC{C: decor.DSyncSpaceR})),
		mpb.AppendDecorators(decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace)))
}

// Done implements transfer.Progress.
func (p *progress) Done(r transfer.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !r.ID.IsZero() {
		p.done++
	}
	if b := p.active[r.Path]; b != nil {
		b.Abort(true)
		delete(p.active, r.Path)
	}
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
	p.mu.Lock()
	for _, b := range p.active {
		b.Abort(true)
	}
	p.total.Abort(true)
	p.mu.Unlock()
	p.bars.Wait()
	p.e.out, p.e.err = p.out, p.err
}
