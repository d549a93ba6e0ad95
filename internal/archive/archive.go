// Package archive reads the entries of zip and tgz files in place. It never writes a file under
// the name of an entry. What it has to keep for a while is in private temporary files without
// names.
//
// An archive is a foreign file. Each entry that is encrypted, damaged, a bomb, or named as if it were
// outside the archive has an error of its own, and the other entries can be read.
package archive

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/text"
)

// Limits of an archive.
const (
	maxEntries = 1_000_000
	maxRatio   = 200      // bytes of an entry for each byte in the archive; pictures hardly shrink
	freeSize   = 16 << 20 // the ratio of smaller entries does not matter, in bytes
)

// maxSmall returns how many bytes of a sidecar are read. XMP files with a long history of edits have some
// 100 KiB. A table of an iCloud export has a line per photo.
func maxSmall(name string) int64 {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return 32 << 20
	}
	return 1 << 20
}

// tooLarge returns the error of a file that is too large for a sidecar.
func tooLarge(name string) error {
	return fmt.Errorf("more than %d MiB for a sidecar", maxSmall(name)>>20)
}

// Named reports whether a file of this name is an archive that this package reads.
func Named(name string) bool { return isZip(name) || isTar(name) }

func isZip(name string) bool { return strings.EqualFold(filepath.Ext(name), ".zip") }

func isTar(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasSuffix(lower, ".tgz") || strings.HasSuffix(lower, ".tar.gz")
}

// An Archive is an open archive. Its methods are safe for concurrent use.
type Archive struct {
	path    string
	file    *os.File
	info    fs.FileInfo
	entries []*Entry
	byName  map[string]*Entry
	folders map[string][]string // the names in each folder; folders that only have folders are there too
	small   *kept               // of a tgz: the sidecars, which are read in any order

	// Damage says why the archive ends early. It is nil for a whole archive.
	Damage error
}

// Open opens an archive and reads the list of its entries. A tgz has no such list, so that all of it
// is read.
func Open(ctx context.Context, path string) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &Archive{path: path, file: f, byName: map[string]*Entry{}, folders: map[string][]string{"": nil}}
	if a.info, err = f.Stat(); err == nil {
		if isTar(path) {
			err = a.indexTar(ctx)
		} else {
			err = a.indexZip()
		}
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close closes the archive. Its entries cannot be read afterwards.
func (a *Archive) Close() error { return errors.Join(a.file.Close(), a.small.close()) }

// Sequential reports whether the bytes of entries come only by [Archive.Stream], in the order of the
// archive.
func (a *Archive) Sequential() bool { return isTar(a.path) }

// Entries returns the entries in the order of the archive. Folders are not entries.
func (a *Archive) Entries() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, e := range a.entries {
			if !yield(e) {
				return
			}
		}
	}
}

// Entry returns the entry of this name.
func (a *Archive) Entry(name string) (*Entry, bool) {
	e, ok := a.byName[name]
	return e, ok
}

// An Entry is a file in an archive.
type Entry struct {
	Name     string // separated by slashes
	Size     int64
	Modified time.Time // zero when unknown
	Err      error     // why its bytes cannot be read

	archive *Archive
	source  source // nil in a tgz
}

// source has the bytes of an entry of a zip file.
type source interface {
	open() (io.ReadCloser, error)
	stored() (offset int64, ok bool) // where the bytes are in the archive, if they are not compressed
}

// add adds an entry, unless its name is not one.
func (a *Archive) add(e *Entry) error {
	if len(a.entries) >= maxEntries {
		return damaged(fmt.Sprintf("it has more than %d entries", maxEntries))
	}
	e.archive = a
	a.entries = append(a.entries, e)
	switch {
	case !filepath.IsLocal(filepath.FromSlash(e.Name)) || path.Clean(e.Name) != e.Name || strings.ContainsRune(e.Name, 0):
		e.Err = refused("its name is not a path inside the archive")
		return nil
	case a.byName[e.Name] != nil:
		e.Err = refused("the archive has another entry of this name")
		return nil
	}
	a.byName[e.Name] = e
	dir, base := path.Split(e.Name)
	dir = strings.TrimSuffix(dir, "/")
	a.addFolder(dir)
	a.folders[dir] = append(a.folders[dir], base)
	return nil
}

// addFolder adds a folder and those around it, outermost first.
func (a *Archive) addFolder(dir string) {
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		if _, there := a.folders[dir[:i]]; there {
			continue
		}
		parent, name := path.Split(dir[:i])
		parent = strings.TrimSuffix(parent, "/")
		a.folders[dir[:i]] = nil
		a.folders[parent] = append(a.folders[parent], name)
	}
}

// Open returns the bytes of an entry of a zip file. Reading them ends with an error if they are
// damaged.
func (e *Entry) Open() (io.ReadCloser, error) {
	switch {
	case e.Err != nil:
		return nil, e.Err
	case e.source == nil:
		return nil, refused("it is in an archive that is read from its beginning to its end")
	}
	r, err := e.source.open()
	if err != nil {
		return nil, explain(err)
	}
	return &exactly{r: r, left: e.Size}, nil
}

// ReaderAt returns the bytes of an entry for reading at any offset. Reading backwards in a
// compressed entry costs time.
func (e *Entry) ReaderAt() ReaderAtCloser {
	if e.Err == nil && e.source != nil {
		if offset, ok := e.source.stored(); ok {
			return noClose{io.NewSectionReader(e.archive.file, offset, e.Size)}
		}
	}
	return &rewinder{open: e.Open}
}

// Release does nothing: an entry of a zip file can be read as long as the archive is open.
func (e *Entry) Release() {}

// Info returns what is known about the entry as a file. It changes when the archive does.
func (e *Entry) Info() fs.FileInfo { return entryInfo{e.archive.info, e} }

// entryInfo is the fs.FileInfo of an entry. Its identity is that of the archive.
type entryInfo struct {
	fs.FileInfo
	e *Entry
}

func (i entryInfo) Name() string       { return path.Base(i.e.Name) }
func (i entryInfo) Size() int64        { return i.e.Size }
func (i entryInfo) ModTime() time.Time { return i.e.Modified }

// names returns the names in a folder of the archive.
func (a *Archive) names(dir string) ([]string, error) {
	names, there := a.folders[dir]
	if !there {
		return nil, fs.ErrNotExist
	}
	return names, nil
}

// read returns the bytes of a small entry.
func (a *Archive) read(name string) ([]byte, error) {
	e, there := a.byName[name]
	switch {
	case !there:
		return nil, fs.ErrNotExist
	case e.Err != nil:
		return nil, e.Err
	case e.Size > maxSmall(name):
		return nil, tooLarge(name)
	case e.source == nil:
		return a.small.read(name)
	}
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	return b.Bytes(), err
}

// refused returns the error of an entry that is not read.
func refused(why string) error { return &photo.Error{Kind: photo.KindUnreadable, Msg: why} }

// damaged returns the error of an archive that cannot be read further.
func damaged(why string) error {
	return &photo.Error{Kind: photo.KindUnreadable, Msg: why, Hint: "download the archive again; what was uploaded is not uploaded twice"}
}

// cutAfter returns the error of an archive that cannot be read beyond its first entries.
func (a *Archive) cutAfter(why string) error {
	whole, last := 0, ""
	for _, e := range a.entries {
		if e.Err == nil {
			whole++
			last = e.Name
		}
	}
	if whole == 0 {
		return damaged(why + ": no entry is complete")
	}
	return damaged(fmt.Sprintf("%s: the first %d entries are complete, up to %s", why, whole, text.Line(last)))
}

// exactly reads as many bytes as an entry should have, and fails if there are fewer or more.
type exactly struct {
	r    io.ReadCloser
	left int64
}

func (x *exactly) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	if x.left -= int64(n); x.left < 0 {
		return 0, refused("it is damaged: it is longer than the archive says")
	}
	if errors.Is(err, io.EOF) {
		if x.left > 0 {
			return n, refused("it is damaged: it is shorter than the archive says")
		}
		return n, io.EOF
	}
	return n, explain(err)
}

func (x *exactly) Close() error { return x.r.Close() }

// explain returns an error as the user should see it.
func explain(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF):
		return refused("it is damaged")
	case errors.Is(err, errChecksum):
		return refused("it is damaged: its checksum is wrong")
	}
	if e := (*photo.Error)(nil); errors.As(err, &e) {
		return err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Msg: "read", Err: err}
}
