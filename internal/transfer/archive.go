package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/statcache"
)

// Content has the bytes of an item that is not a file of its own, but an entry of an archive.
type Content interface {
	Info() fs.FileInfo
	Open() (io.ReadCloser, error)
	ReaderAt() archive.ReaderAtCloser
	Release() // the bytes are not needed any more
}

// release releases the bytes of the item.
func (i Item) release() {
	if i.Content != nil {
		i.Content.Release()
	}
}

// body opens the bytes of the item for sending.
func (i Item) body(size int64) (io.ReaderAt, io.Closer, error) {
	if i.Content != nil {
		r := i.Content.ReaderAt()
		return r, r, nil
	}
	f, err := os.Open(i.File())
	if err != nil {
		return nil, nil, unreadable(i.File(), err)
	}
	return unchangedFile{f, size}, f, nil
}

// read digests the bytes of the item, as readFile does for a file.
func (i Item) read(ctx context.Context) (file, error) {
	if i.Content == nil {
		return readFile(ctx, i.File())
	}
	info := i.Content.Info()
	out := file{size: info.Size(), modified: info.ModTime()}
	if out.size == 0 {
		return out, &skip{"empty"}
	}
	r, err := i.Content.Open()
	if err != nil {
		return out, err
	}
	defer r.Close()
	_, err = out.read(ctx, r)
	return out, err
}

// digestContent returns the digest of an entry of an archive. It reads the entry only if the archive
// has changed since an earlier run.
func (u *uploader) digestContent(i Item) (file, error) {
	info := i.Content.Info()
	inside, _, _ := archive.Split(i.Path)
	state := statcache.StateOf(inside, info)
	if e, ok := u.Digests.Lookup(i.Path, state); ok {
		if !e.Picture {
			return file{}, errNoPicture
		}
		return file{id: e.ID, size: info.Size(), modified: info.ModTime()}, nil
	}
	start := time.Now()
	f, err := i.read(u.ctx)
	if err == nil || errors.Is(err, errNoPicture) {
		u.Digests.Add(i.Path, state, start, statcache.Entry{ID: f.id, Picture: err == nil})
	}
	return f, err
}

// Archives returns the paths of the archives that paths mean. A path is one, or a glob that matches some, or the
// path of an entry.
func Archives(paths []string) []string {
	var out []string
	for _, p := range paths {
		among := []string{p}
		if _, err := os.Stat(p); noSuchFile(err) && strings.ContainsAny(p, "*?[{") {
			among = glob(p)
		}
		for _, p := range among {
			if inner, _, ok := archive.Split(p); ok && !isArchive(p) {
				p = inner
			}
			if isArchive(p) {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isArchive reports whether path is a regular file that is named like an archive.
func isArchive(path string) bool {
	if !archive.Named(path) {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// file yields a file that the user named, or the entries of an archive.
func (s *scanner) file(path string) bool {
	if s.Archives == nil || !archive.Named(path) {
		return s.yield(Item{Path: path, Named: true})
	}
	return s.archive(path, nil)
}

// archive yields the entries of an archive, or only those of the given names. If the archive ends early,
// it is an item too, which fails.
func (s *scanner) archive(path string, names map[string]Item) bool {
	ctx := s.context()
	a, err := s.Archives.Archive(ctx, path)
	if err != nil {
		return s.yield(Item{Path: path, Named: true, Err: unreadable(path, err)})
	}
	v := &archiveScan{scanner: s, path: path, names: names, noted: map[string]bool{}}
	err = v.entries(ctx, a)
	switch {
	case v.stopped:
		return false
	case err != nil:
		return s.yield(Item{Path: path, Named: true, Err: unreadable(path, err)})
	case a.Damage != nil && names == nil:
		return s.yield(Item{Path: path, Named: true, Err: a.Damage})
	}
	return true
}

// context returns the context of the scan.
func (s *scanner) context() context.Context {
	if s.Context == nil {
		return context.Background()
	}
	return s.Context
}

// archiveScan is the scan of one archive.
type archiveScan struct {
	*scanner
	path    string
	names   map[string]Item // nil: all
	noted   map[string]bool // folders that are not entered
	stopped bool            // the consumer wants no more
}

// entries yields the entries of an archive.
func (v *archiveScan) entries(ctx context.Context, a *archive.Archive) error {
	if a.Sequential() {
		return a.Stream(ctx, v.next)
	}
	for e := range a.Entries() {
		if !v.next(e, nil) {
			break
		}
	}
	return nil
}

// next yields an entry, unless the options leave it out. r has its bytes if the archive is a stream.
func (v *archiveScan) next(e *archive.Entry, r io.Reader) bool {
	item := Item{Folder: folderOf(e.Name)}
	if v.names != nil {
		named, wanted := v.names[e.Name]
		if !wanted {
			return true
		}
		item = named
		item.Folder = folderOf(e.Name)
	} else if !v.chosen(e) {
		return true
	}
	item.Path = v.at(e.Name)
	item.Content, item.Err = v.content(e, r)
	v.stopped = !v.yield(item)
	return !v.stopped
}

// content returns the bytes of an entry. In a stream, they are copied if it is a picture.
func (v *archiveScan) content(e *archive.Entry, r io.Reader) (Content, error) {
	switch {
	case archive.IsSpecial(e.Err):
		return nil, errNotRegular
	case e.Err != nil:
		return nil, e.Err
	case r == nil:
		return e, nil
	}
	head := make([]byte, min(picture.HeadSize, e.Size))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "read", Err: err}
	}
	if _, ok := picture.Sniff(head); !ok {
		return nil, errNoPicture
	}
	c, err := v.Archives.Copy(e, bytes.Clone(head), r)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// chosen reports whether the options of the scan leave an entry in.
func (v *archiveScan) chosen(e *archive.Entry) bool {
	for i, c := range e.Name {
		if c == '/' && !v.enters(e.Name[:i]) {
			return false
		}
	}
	why := v.unwantedName(nil, e.Name, false)
	if why == "" {
		why = v.unwantedFile(e.Size, e.Modified)
	}
	if why != "" {
		v.LeftOut(v.at(e.Name), why)
	}
	return why == ""
}

// at returns the path of an entry.
func (v *archiveScan) at(name string) string {
	return v.path + string(filepath.Separator) + filepath.FromSlash(name)
}

// enters reports whether the scan enters a folder of the archive. It says once why not.
func (v *archiveScan) enters(dir string) bool {
	say, why := v.LeftOut, v.unwantedName(nil, dir, true)
	if why == "" {
		say, why = v.Note, v.notEntered(path.Base(dir), false)
	}
	if why != "" && !v.noted[dir] {
		v.noted[dir] = true
		say(v.at(dir), why)
	}
	return why == ""
}

// ReadArchives yields items, and replaces those that are archives, or the paths of entries of archives, by the
// entries. Entries of an archive that is a stream come last, so that it is read once.
func ReadArchives(items iter.Seq[Item], o ScanOptions) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		s := newScanner(o, yield)
		var late lateItems
		for i := range items {
			if !late.add(i) && !s.whole(i) {
				return
			}
		}
		for _, at := range late.archives {
			if !s.some(at, late.names[at]) {
				return
			}
		}
	}
}

// lateItems are the items that are entries of archives.
type lateItems struct {
	archives []string // in the order of the items
	names    map[string]map[string]Item
}

// add reports whether an item is an entry of an archive, which it remembers.
func (l *lateItems) add(i Item) bool {
	outer, name, ok := archive.Split(i.Path)
	if !ok || i.Err != nil || i.Spool != "" || isArchive(i.Path) || !isArchive(outer) {
		return false
	}
	if l.names == nil {
		l.names = map[string]map[string]Item{}
	}
	if l.names[outer] == nil {
		l.names[outer] = map[string]Item{}
		l.archives = append(l.archives, outer)
	}
	l.names[outer][name] = i
	return true
}

// whole yields an item, or all entries if it is an archive.
func (s *scanner) whole(i Item) bool {
	if i.Err == nil && i.Spool == "" && isArchive(i.Path) {
		return s.archive(i.Path, nil)
	}
	return s.yield(i)
}

// some yields the entries of an archive that have these names. A name that is not in the archive fails.
func (s *scanner) some(path string, names map[string]Item) bool {
	a, err := s.Archives.Archive(s.context(), path)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		i := names[name]
		switch {
		case err != nil:
			i.Err = unreadable(path, err)
		case !hasEntry(a, name):
			i.Err = &photo.Error{Kind: photo.KindNotFound, Msg: "the archive has no such entry"}
		default:
			continue
		}
		if !s.yield(i) {
			return false
		}
	}
	return err != nil || s.archive(path, names)
}

func hasEntry(a *archive.Archive, name string) bool {
	_, there := a.Entry(name)
	return there
}
