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

// headSize is how much of the start of a file one read brings. Most readers then need no
// other.
const headSize = 16 << 10

var errBudget = errors.New("metadata asks for too many reads")

// A guard is a file as parsers see it: after maxReads, maxBytes or shut it has
// nothing more to give.
type guard struct {
	mu    sync.Mutex // held while reading, so that shut waits for a read under way
	r     io.ReaderAt
	reads int
	bytes int
	head  []byte // the start of the file, once it was asked for
	err   error  // the file's own first error
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
	if off >= 0 && off+int64(len(p)) <= headSize {
		return g.fromHead(p, int(off))
	}
	return g.read(p, off)
}

// fromHead is ReadAt for the start of the file.
func (g *guard) fromHead(p []byte, off int) (int, error) {
	if g.head == nil {
		head := make([]byte, headSize)
		n, err := g.read(head, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		g.head = head[:n]
	}
	n := copy(p, g.head[min(off, len(g.head)):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (g *guard) read(p []byte, off int64) (int, error) {
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
