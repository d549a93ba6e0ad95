package term

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

	"photos/internal/text"
)

// Progress shows how far a run is: as bars on a terminal, elsewhere as one line every ten
// seconds at most. Its methods are safe for concurrent use.
type Progress struct {
	c     *Console
	items string // what is counted, such as "photos"
	large int64  // items of more bytes get a bar of their own

	// The counters are atomic because mpb reads them while it draws. A call of mpb waits for
	// the drawing, so a lock that is held during such a call would be a deadlock.
	found, done, bytes, moved atomic.Int64

	mu     sync.Mutex
	active map[string]*mpb.Bar // items with a bar of their own

	bars     *mpb.Progress // nil when there are none
	total    *mpb.Bar
	restore  func() // sends stdout and stderr past the bars again
	ticker   *time.Ticker
	finished chan struct{}
}

const lineEvery = 10 * time.Second

// NewProgress begins to show progress, unless quiet is set. Stop ends it.
func NewProgress(ctx context.Context, c *Console, quiet bool, items string, large int64) *Progress {
	p := &Progress{c: c, items: items, large: large, active: map[string]*mpb.Bar{}, finished: make(chan struct{})}
	switch {
	case quiet:
	case c.Err.Terminal && !c.Dumb:
		p.startBars(ctx)
	default:
		p.ticker = time.NewTicker(lineEvery)
		go p.sayLines()
	}
	return p
}

func (p *Progress) startBars(ctx context.Context) {
	p.bars = mpb.NewWithContext(context.WithoutCancel(ctx), mpb.WithOutput(p.c.Err.writer()), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.total = p.bars.New(0, barStyle(),
		mpb.BarPriority(1<<20), // below the items
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return p.counts() }, decor.WC{C: decor.DSyncSpaceR})),
		mpb.AppendDecorators(
			decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace),
			decor.AverageSpeed(decor.SizeB1000(0), "% .1f", decor.WCSyncSpace),
			decor.OnAbort(decor.AverageETA(decor.ET_STYLE_GO, decor.WCSyncSpace), ""),
		))
	p.restore = p.throughBars()
}

// throughBars sends everything that is written to the terminal through the bars. The
// returned function undoes that.
func (p *Progress) throughBars() (undo func()) {
	outputs := []*Output{p.c.Err}
	if p.c.Out.Terminal {
		outputs = append(outputs, p.c.Out)
	}
	before := make([]io.Writer, len(outputs))
	for i, o := range outputs {
		before[i] = o.redirect(p.bars)
	}
	return func() {
		for i, o := range outputs {
			o.redirect(before[i])
		}
	}
}

// sayLines writes the progress of a log file.
func (p *Progress) sayLines() {
	for {
		select {
		case <-p.ticker.C:
			p.c.Say("%s: %d of %d %s, %s of %s so far", p.c.Name, p.done.Load(), p.found.Load(), p.items, text.Bytes(p.moved.Load()), text.Bytes(p.bytes.Load()))
		case <-p.finished:
			return
		}
	}
}

func (p *Progress) counts() string {
	return fmt.Sprintf("%d/%d %s", p.done.Load(), p.found.Load(), p.items)
}

// Found adds an item whose size is known to the total.
func (p *Progress) Found(_ string, bytes int64) {
	p.found.Add(1)
	total := p.bytes.Add(bytes)
	if p.total != nil {
		p.total.SetTotal(total, false)
	}
}

// Sending begins an item.
func (p *Progress) Sending(path string, bytes int64) {
	if p.bars == nil || bytes <= p.large {
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

// bar returns the bar of an item, or nil when it has none.
func (p *Progress) bar(path string) *mpb.Bar {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active[path]
}

// Moved adds n bytes of an item, or takes them back when n is negative.
func (p *Progress) Moved(path string, n int64) {
	p.moved.Add(n)
	if p.bars == nil {
		return
	}
	p.total.SetCurrent(p.moved.Load())
	if b := p.bar(path); b != nil {
		b.IncrInt64(n)
	}
}

// Finish ends an item. counts says that it is one of those that Found added.
func (p *Progress) Finish(path string, counts bool) {
	if counts {
		p.done.Add(1)
	}
	if b := p.bar(path); b != nil {
		b.Abort(true)
		p.mu.Lock()
		delete(p.active, path)
		p.mu.Unlock()
	}
}

// barStyle returns a thin line.
func barStyle() mpb.BarStyleComposer {
	return mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─")
}

// Stop removes the bars. The other methods must not be called any more.
func (p *Progress) Stop() {
	close(p.finished)
	if p.ticker != nil {
		p.ticker.Stop()
	}
	if p.bars == nil {
		return
	}
	for _, b := range p.active { // Wait returns when every bar has ended
		b.Abort(true)
	}
	p.total.Abort(true)
	p.bars.Wait()
	p.restore()
}
