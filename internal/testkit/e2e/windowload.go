package e2e

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// loading is whether a window is on its way to another page, by the events of DevTools. A page
// that a click, a key or a script asks for is not there at once: for a while the window still shows the
// page before, and a command would find its elements there.
type loading struct {
	mu        sync.Mutex
	requested bool // another page, which is not here yet
	underWay  bool // a page is being loaded
}

// event notes what an event says about the page.
func (l *loading) event(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		l.requested = l.requested || e.Disposition == page.ClientNavigationDispositionCurrentTab
	case *page.EventFrameStartedLoading:
		l.underWay = true
	case *page.EventFrameNavigated:
		l.requested = false
		if e.Type == page.NavigationTypeBackForwardCacheRestore { // the whole page is here, and nothing stops
			l.underWay = false
		}
	case *page.EventNavigatedWithinDocument:
		l.requested = false
	case *page.EventFrameStoppedLoading: // also if the answer was a file to download
		l.requested, l.underWay = false, false
	}
}

func (l *loading) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.requested && !l.underWay
}

// ready waits until the window has a whole page, whose scripts have run.
func (w *window) ready(ctx context.Context) error {
	for {
		if w.load.over() {
			whole, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.readyState == 'complete'"))
			if err == nil && whole && w.load.over() {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// settle waits for the page that an action leads to, if it leads to one. The browser
// has carried out the action when it answers, and says within the task after that whether the page
// is left; so settle lets it carry out two tasks, and then looks.
func (w *window) settle(ctx context.Context) error {
	for range 2 {
		_, _ = chromedp.Run(ctx, chromedp.Evaluate[bool]("true")) // fails while the page changes
		time.Sleep(10 * time.Millisecond)
	}
	return w.ready(ctx)
}

// back presses the back button. The page before may be one that the browser kept, which it does not
// load again.
func (w *window) back(ctx context.Context) error {
	before, err := chromedp.Run(ctx, chromedp.NavigationEntries())
	if err != nil {
		return err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("(history.back(), true)")); err != nil {
		return err
	}
	for {
		now, err := chromedp.Run(ctx, chromedp.NavigationEntries())
		if err == nil && now.CurrentIndex < before.CurrentIndex {
			return w.ready(ctx)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the window has no earlier page: %w", ctx.Err())
		}
		time.Sleep(20 * time.Millisecond)
	}
}
