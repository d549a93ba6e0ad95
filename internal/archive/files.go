package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"photos/internal/photo"
)

// Files reads files of the operating system and entries of archives. The path of an entry is the path
// of its archive, a separator, and the entry's name. A Files is safe for concurrent use.
type Files struct {
	waiting waitingRoom

	mu   sync.Mutex
	open map[string]opened // by absolute path
}

// opened is the result of opening an archive.
type opened struct {
	archive *Archive
	err     error
}

// NewFiles returns a Files without open archives.
func NewFiles() *Files {
	f := &Files{open: map[string]opened{}}
	f.waiting.free.L = &f.waiting.mu
	return f
}

// Archive opens an archive. Each is opened once, so a second call returns the same result.
func (f *Files) Archive(ctx context.Context, path string) (*Archive, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o, there := f.open[abs]
	if !there {
		o.archive, o.err = Open(ctx, path)
		if ctx.Err() == nil {
			f.open[abs] = o
		}
	}
	return o.archive, o.err
}

// Close closes all archives.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, o := range f.open {
		if o.archive != nil {
			errs = append(errs, o.archive.Close())
		}
	}
	clear(f.open)
	return errors.Join(errs...)
}

// Split splits the path of an entry into the path of its archive and its name. It looks at the names
// only. ok is false if no folder of the path is named like an archive.
func Split(path string) (archive, name string, ok bool) {
	for i, c := range path {
		if c < 128 && os.IsPathSeparator(uint8(c)) && Named(path[:i]) {
			return path[:i], filepath.ToSlash(path[i+1:]), true
		}
	}
	return "", "", false
}

// inside returns the open archive that a path leads into, and the slash-separated path there, which is
// empty for the archive itself.
func (f *Files) inside(path string) (*Archive, string) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.open) == 0 {
		return nil, ""
	}
	for at := abs; ; at = filepath.Dir(at) {
		if o, there := f.open[at]; there && o.archive != nil {
			return o.archive, strings.Trim(filepath.ToSlash(abs[len(at):]), "/")
		}
		if at == filepath.Dir(at) {
			return nil, ""
		}
	}
}

// IsFolder reports whether path is a folder.
func (f *Files) IsFolder(path string) bool {
	if a, name := f.inside(path); a != nil {
		_, there := a.folders[name]
		return there
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Names returns the names in a folder, in no order.
func (f *Files) Names(dir string) ([]string, error) {
	if a, name := f.inside(dir); a != nil {
		return a.names(name)
	}
	return osNames(dir)
}

// osNames reads the names in a folder.
func osNames(dir string) (names []string, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	for err == nil {
		var some []string
		some, err = d.Readdirnames(1024)
		names = append(names, some...)
	}
	if !errors.Is(err, io.EOF) {
		return names, err
	}
	return names, nil
}

// Read returns the bytes of a small file. Its error is fs.ErrNotExist for anything else than a regular
// file, because opening a pipe would wait for a writer.
func (f *Files) Read(path string) ([]byte, error) {
	if a, name := f.inside(path); a != nil {
		return a.read(name)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxSmall(path)+1))
	if err == nil && int64(len(b)) > maxSmall(path) {
		return nil, tooLarge(path)
	}
	return b, err
}

// A Copy is an entry of a tgz whose bytes were copied, because the archive does not keep them at hand.
type Copy struct {
	*Entry
	file *os.File
	room *waitingRoom
	once sync.Once
}

// Copy copies the bytes of an entry into a temporary file: those in head, and the rest from r. It waits
// while too many copies are not released.
func (f *Files) Copy(e *Entry, head []byte, r io.Reader) (*Copy, error) {
	f.waiting.enter(e.Size)
	file, err := tempFile()
	if err == nil {
		var n int64
		n, err = io.Copy(file, io.MultiReader(bytes.NewReader(head), r))
		if err == nil && n != e.Size {
			err = refused("it is damaged")
		}
		if err != nil {
			err = errors.Join(explainCopy(err), removeTemp(file))
		}
	}
	if err != nil {
		f.waiting.leave(e.Size)
		return nil, err
	}
	return &Copy{Entry: e, file: file, room: &f.waiting}, nil
}

func explainCopy(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return &photo.Error{Kind: photo.KindUnreadable, Msg: "copy it out of the archive", Err: pe.Err, Hint: "set TMPDIR to a folder with more space"}
	}
	return explain(err)
}

// Open returns the bytes.
func (c *Copy) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(c.file, 0, c.Size)), nil
}

// ReaderAt returns the bytes.
func (c *Copy) ReaderAt() ReaderAtCloser { return noClose{c.file} }

// Release removes the copy.
func (c *Copy) Release() {
	c.once.Do(func() {
		_ = removeTemp(c.file) // it has no name, or the next start of the system removes it
		c.room.leave(c.Size)
	})
}
