package s3

import (
	"errors"
	"fmt"
	"io"
	"os"

	"photos/internal/blob"
)

// spoolMemory is how many bytes a spool keeps in memory before it makes a file.
const spoolMemory = 64 << 10

// spool is a temporary store of bytes: in memory as long as they are few, then in a file
// that has no name, so that it ends with the process.
type spool struct {
	dir   string
	mem   []byte
	f     *os.File
	named bool // the file has a name: Windows removes no open file
	size  int64
}

// Write appends.
func (s *spool) Write(p []byte) (int, error) {
	if s.f == nil && len(s.mem)+len(p) <= spoolMemory {
		s.mem = append(s.mem, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if err := s.toFile(); err != nil {
		return 0, spoolError(err)
	}
	n, err := s.f.WriteAt(p, s.size)
	s.size += int64(n)
	return n, spoolError(err)
}

func (s *spool) toFile() error {
	if s.f != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "photosd-*")
	if err != nil {
		return err
	}
	s.named = os.Remove(f.Name()) != nil
	if _, err := f.WriteAt(s.mem, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	s.f, s.mem = f, nil
	return nil
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	if s.f != nil {
		n, err := s.f.ReadAt(p[:min(int64(len(p)), s.size-off)], off)
		if err == nil && n < len(p) {
			err = io.EOF
		}
		return n, err
	}
	n := copy(p, s.mem[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// reader returns what is in the spool, from its beginning.
func (s *spool) reader() *io.SectionReader { return io.NewSectionReader(s, 0, s.size) }

// reset empties the spool. It keeps the file.
func (s *spool) reset() error {
	s.mem, s.size = s.mem[:0], 0
	if s.f == nil {
		return nil
	}
	return spoolError(s.f.Truncate(0))
}

// Close removes the bytes.
func (s *spool) Close() error {
	s.mem, s.size = nil, 0
	if s.f == nil {
		return nil
	}
	f := s.f
	s.f = nil
	err := f.Close()
	if s.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

func spoolError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("temporary file: %w", blob.WriteError(err))
}
