package e2e

import (
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// console collects the errors that a browser shows to developers: scripts that fail, and what the
// policy of a page forbids. Answers with an error status are no such errors.
type console struct {
	mu     sync.Mutex
	errors []string
}

// event notes what an event says about the page.
func (c *console) event(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			text = e.Entry.Text
		}
	}
	if text == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors = append(c.errors, text)
}

// take returns the errors since the last call, and forgets them.
func (c *console) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := strings.Join(c.errors, "\n")
	c.errors = nil
	return text
}
