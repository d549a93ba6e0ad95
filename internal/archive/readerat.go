package archive

import (
	"errors"
	"io"
	"sync"
)

// ReaderAtCloser reads at any offset until it is closed.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
}

// noClose is a reader that needs no closing.
type noClose struct{ io.ReaderAt }

func (noClose) Close() error { return nil }

// rewinder reads a compressed entry at any offset. It goes on where the last read ended, and begins
// again at the start of the entry when it has to go back. So it keeps no bytes.
type rewinder struct {
	open func() (io.ReadCloser, error)

	mu sync.Mutex
	r  io.ReadCloser // nil: not begun
	at int64         // of r
}

// ReadAt implements io.ReaderAt.
func (w *rewinder) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.r == nil || w.at > off {
		if err := w.rewind(); err != nil {
			return 0, err
		}
	}
	skipped, err := io.CopyN(io.Discard, w.r, off-w.at)
	w.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(w.r, p)
	w.at += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

func (w *rewinder) rewind() (err error) {
	if w.r != nil {
		_ = w.r.Close() // it was only read
	}
	w.at = 0
	w.r, err = w.open()
	return err
}

// Close ends the reading.
func (w *rewinder) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.r == nil {
		return nil
	}
	return w.r.Close()
}
