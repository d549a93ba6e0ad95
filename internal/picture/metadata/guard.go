package metadata

import (
	"errors"
	"io"
	"sync"
)

// What readers may take of one file. Most pictures need a hundredth of it. The
// chunks of a PNG and the boxes of a recording each cost a read of their head, and
// the item table of a HEIF of 200 megapixels takes hundreds of kilobytes.
const (
	maxReads = 32 << 10
	maxBytes = 64 << 20
)

var errBudget = errors.New("metadata asks for too many reads")

// A guard is a file as parsers see it: after maxReads, maxBytes or shut it has
// nothing more to give.
type guard struct {
	mu    sync.Mutex // held while reading, so that shut waits for a read under way
	r     io.ReaderAt
	reads int
	bytes int
	err   error // the file's own first error
}

func newGuard(r io.ReaderAt) *guard {
	return &guard{r: r, reads: maxReads, bytes: maxBytes}
}

// ReadAt implements io.ReaderAt.
func (g *guard) ReadAt(p []byte, off int64) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.r == nil || g.reads == 0 || g.bytes < len(p) {
		return 0, errBudget
	}
	g.reads--
	g.bytes -= len(p)
	n, err := g.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && g.err == nil {
		g.err = err
	}
	return n, err
}

// shut takes the file away from parsers and returns the error it had, if any.
func (g *guard) shut() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.r = nil
	return g.err
}
