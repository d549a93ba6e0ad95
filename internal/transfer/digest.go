package transfer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/statcache"
)

// Digests remembers the digests of files across runs; *statcache.Cache is one.
type Digests interface {
	Lookup(path string, info fs.FileInfo) (statcache.Entry, bool)
	Add(path string, info fs.FileInfo, read time.Time, e statcache.Entry)
}

// noDigests remembers nothing.
type noDigests struct{}

func (noDigests) Lookup(string, fs.FileInfo) (statcache.Entry, bool)  { return statcache.Entry{}, false }
func (noDigests) Add(string, fs.FileInfo, time.Time, statcache.Entry) {}

// file is what is known of a local file: its digest and its size in bytes.
type file struct {
	id   photo.ID
	size int64
}

// errNoPicture is of files whose bytes are neither picture nor video.
var errNoPicture = &skip{"not a picture or video"}

// digest is readFile, unless the file is known not to have changed since.
func (r *run) digest(path string) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return file{}, unreadable(path, err)
	}
	if e, ok := r.Digests.Lookup(path, info); ok {
		if !e.Picture {
			return file{}, errNoPicture
		}
		return file{id: e.ID, size: info.Size()}, nil
	}
	start := time.Now()
	f, err := readFile(path)
	if err != nil && !errors.Is(err, errNoPicture) {
		return f, err
	}
	if again, statErr := os.Stat(path); statErr == nil && os.SameFile(info, again) && again.Size() == info.Size() && again.ModTime().Equal(info.ModTime()) {
		r.Digests.Add(path, again, start, statcache.Entry{ID: f.id, Picture: err == nil})
	}
	return f, err
}

// buffers are what files are read through. 32 KiB ones cost 1.6 times as much
// on a large file.
var buffers = sync.Pool{New: func() any { b := make([]byte, 512<<10); return &b }}

// readFile digests the picture or video at path. A file that is none is a skip;
// one that changed meanwhile is read once more.
func readFile(path string) (file, error) {
	for again := true; ; again = false {
		f, err := readOnce(path)
		if photo.KindOf(err) != photo.KindChanged || !again {
			return f, err
		}
	}
}

func readOnce(path string) (file, error) {
	f, err := os.Open(path)
	if err != nil {
		return file{}, unreadable(path, err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return file{}, unreadable(path, err)
	}
	if !before.Mode().IsRegular() {
		return file{}, &skip{"not a regular file"}
	}
	if before.Size() == 0 {
		return file{}, &skip{"empty"}
	}
	out := file{size: before.Size()}
	n, err := out.read(f)
	if err != nil {
		return out, err
	}
	after, err := f.Stat()
	if err != nil {
		return out, unreadable(path, err)
	}
	if n != out.size || after.Size() != out.size || !after.ModTime().Equal(before.ModTime()) {
		return out, changed()
	}
	return out, nil
}

// read looks at the head and digests the whole.
func (f *file) read(r io.Reader) (int64, error) {
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n, err := io.ReadFull(r, (*buf)[:picture.HeadSize])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read: %w", err)
	}
	if _, ok := picture.Sniff((*buf)[:n]); !ok {
		return 0, errNoPicture
	}
	h := sha256.New()
	h.Write((*buf)[:n])
	m, err := io.CopyBuffer(h, onlyReader{r}, *buf)
	if err != nil {
		return 0, &photo.Error{Kind: photo.KindUnreadable, Msg: "read", Err: err}
	}
	h.Sum(f.id[:0])
	return int64(n) + m, nil
}

// onlyReader hides WriterTo, so that CopyBuffer uses the buffer it is given.
type onlyReader struct{ io.Reader }

func changed() error {
	return &photo.Error{Kind: photo.KindChanged, Msg: "the file changed while it was read", Hint: "upload it again when nothing writes to it"}
}

// steady reads a file whose size is known; ending early means that it changed.
type steady struct {
	f    *os.File
	size int64
}

func (s steady) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	if errors.Is(err, io.EOF) && off+int64(n) < s.size {
		return n, changed()
	}
	return n, err
}
