package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/statcache"
)

// Digests remembers the digests of files between runs. *statcache.Cache implements it.
type Digests interface {
	Lookup(path string, now statcache.State) (statcache.Entry, bool)
	Add(path string, now statcache.State, read time.Time, e statcache.Entry)
}

// noDigests remembers nothing.
type noDigests struct{}

func (noDigests) Lookup(string, statcache.State) (statcache.Entry, bool) {
	return statcache.Entry{}, false
}
func (noDigests) Add(string, statcache.State, time.Time, statcache.Entry) {}

// file is what an upload needs to know about a local file.
type file struct {
	id       photo.ID
	size     int64 // bytes
	modified time.Time
}

// The reasons to skip a file.
var (
	errNoPicture  = &skip{"not a picture or video"}
	errNotRegular = &skip{"not a regular file"}
)

// digest returns the digest of an item. It reads the file only if it has changed since an earlier
// run.
func (u *uploader) digest(i Item) (file, error) {
	if i.Content != nil {
		return u.digestContent(i)
	}
	path := i.File()
	info, err := os.Stat(path)
	if err != nil {
		return file{}, unreadable(path, err)
	}
	if e, ok := u.Digests.Lookup(path, statcache.StateOf(path, info)); ok {
		if !e.Picture {
			return file{}, errNoPicture
		}
		return file{id: e.ID, size: info.Size(), modified: info.ModTime()}, nil
	}
	start := time.Now()
	f, err := readFile(u.ctx, path)
	if err != nil && !errors.Is(err, errNoPicture) {
		return f, err
	}
	if again, statErr := os.Stat(path); statErr == nil && os.SameFile(info, again) && again.Size() == info.Size() && again.ModTime().Equal(info.ModTime()) {
		u.Digests.Add(path, statcache.StateOf(path, again), start, statcache.Entry{ID: f.id, Picture: err == nil})
	}
	return f, err
}

// Identify returns the ID of an item's bytes. It reads them only if the file has changed since digests got it.
// isPicture is false for a file that is not a picture or video, and for one that is empty or not regular.
func Identify(ctx context.Context, digests Digests, i Item) (id photo.ID, isPicture bool, err error) {
	if i.Err == nil {
		u := &uploader{Options: Options{Digests: digests}, ctx: ctx}
		var f file
		f, i.Err = u.digest(i)
		id = f.id
	}
	if s := (*skip)(nil); errors.As(i.Err, &s) {
		return photo.ID{}, false, nil
	}
	return id, i.Err == nil, i.Err
}

// buffers has the buffers that files are read with. Those of 32 KiB take 1.6 times as long
// for a large file.
var buffers = sync.Pool{New: func() any { b := make([]byte, 512<<10); return &b }}

// FileID returns the ID of the bytes of a regular file. It ends early when ctx does.
func FileID(ctx context.Context, path string) (photo.ID, error) {
	f, _, err := openRegular(path)
	if errors.Is(err, errNotRegular) {
		return photo.ID{}, &photo.Error{Kind: photo.KindUnreadable, Err: err}
	}
	if err != nil {
		return photo.ID{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := hashRest(ctx, h, f); err != nil {
		return photo.ID{}, err
	}
	return sum(h), nil
}

// openRegular opens a regular file for reading. It does not open anything else, because
// opening a pipe waits until somebody writes to it.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	if info, err = f.Stat(); err != nil {
		return nil, nil, errors.Join(unreadable(path, err), f.Close())
	}
	return f, info, nil
}

// readFile digests the picture or video at path, as long as ctx lasts. Its error is a skip for
// any other file. A file that changed during the reading is read once more.
func readFile(ctx context.Context, path string) (file, error) {
	for again := true; ; again = false {
		f, err := readOnce(ctx, path)
		if photo.KindOf(err) != photo.KindChanged || !again {
			return f, err
		}
	}
}

func readOnce(ctx context.Context, path string) (file, error) {
	f, before, err := openRegular(path)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	if before.Size() == 0 {
		return file{}, &skip{"empty"}
	}
	out := file{size: before.Size(), modified: before.ModTime()}
	n, err := out.read(ctx, f)
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

// read checks the first bytes and digests all of them.
func (f *file) read(ctx context.Context, r io.Reader) (int64, error) {
	head := make([]byte, picture.HeadSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, readError(err)
	}
	if _, ok := picture.Sniff(head[:n]); !ok {
		return 0, errNoPicture
	}
	h := sha256.New()
	h.Write(head[:n])
	m, err := hashRest(ctx, h, r)
	if err != nil {
		return 0, err
	}
	f.id = sum(h)
	return int64(n) + m, nil
}

// hashRest digests what is left of r. It ends early when ctx does, because a large file can
// take minutes.
func hashRest(ctx context.Context, h hash.Hash, r io.Reader) (int64, error) {
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(h, readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return r.Read(p)
	}), *buf)
	if err != nil && ctx.Err() == nil {
		err = readError(err)
	}
	return n, err
}

// readError returns the error of bytes that cannot be read. Entries of archives have errors of their own.
func readError(err error) error {
	if _, ok := errors.AsType[*photo.Error](err); ok {
		return err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Msg: "read", Err: err}
}

// readerFunc is an io.Reader and nothing else, so that CopyBuffer uses the buffer it is given.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func changed() error {
	return &photo.Error{Kind: photo.KindChanged, Msg: "the file changed while it was read", Hint: "upload it again when nothing writes to it"}
}

// unchangedFile reads a file whose size is known. If it ends early, the file has changed.
type unchangedFile struct {
	f    *os.File
	size int64
}

func (s unchangedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	if errors.Is(err, io.EOF) && off+int64(n) < s.size {
		return n, changed()
	}
	return n, err
}
