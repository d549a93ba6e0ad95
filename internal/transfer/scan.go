package transfer

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"photos/internal/archive"
	"photos/internal/photo"
)

// ScanOptions choose among the files below a folder. They do not apply to files that are
// named themselves.
type ScanOptions struct {
	Include []*Pattern // when there are any, a file must match one
	Exclude []*Pattern // files and folders that match one are left out
	Since   time.Time  // only files that changed then or later

	// Everything makes the scan enter every folder, even hidden ones and those of other
	// programs.
	Everything bool

	// Note is called with each folder that is not entered, and the reason. It may be nil.
	Note func(path, why string)

	// Archives opens the archives that are named, whose entries are yielded then. If it is nil, an
	// archive is a file like any other.
	Archives *archive.Files
	Context  context.Context // ends the reading of archives; it may be nil

	// Unmatched is called at the end with each pattern that matched nothing. It may be nil.
	Unmatched func(p *Pattern)
}

// Scan yields every file that paths mean: a file itself, all entries of an archive, all files below a
// folder, or what a glob matches if no file has that name. A file that cannot be read is yielded with its
// error, and the scan goes on.
func Scan(paths []string, o ScanOptions) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		s := newScanner(o, yield)
		for _, path := range paths {
			if !s.one(path) {
				return
			}
		}
		s.unmatched()
	}
}

// scanner is one call of Scan. Its methods report whether to go on.
type scanner struct {
	ScanOptions
	yield func(Item) bool
}

func newScanner(o ScanOptions, yield func(Item) bool) *scanner {
	if o.Note == nil {
		o.Note = func(string, string) {}
	}
	return &scanner{o, yield}
}

// unmatched reports the patterns that matched nothing.
func (s *scanner) unmatched() {
	for _, p := range slices.Concat(s.Include, s.Exclude) {
		if s.Unmatched != nil && !p.matched.Load() {
			s.Unmatched(p)
		}
	}
}

// one yields the files that one argument means.
func (s *scanner) one(path string) bool {
	info, err := os.Stat(path) // a link that the user named is followed
	outer, name, inArchive := archive.Split(path)
	switch {
	case err == nil && info.IsDir():
		return s.folder(path)
	case err == nil:
		return s.file(path)
	case inArchive && s.Archives != nil && isArchive(outer):
		return s.some(outer, map[string]Item{name: {Path: path, Named: true}})
	case errors.Is(err, fs.ErrNotExist):
		return s.glob(path)
	}
	return s.yield(Item{Path: path, Named: true, Err: unreadable(path, err)})
}

// glob yields what a pattern matches. The shell does not expand a pattern that is quoted, and
// some shells expand none.
func (s *scanner) glob(pattern string) bool {
	var matches []string
	if strings.ContainsAny(pattern, "*?[{") {
		matches = glob(pattern)
	}
	if len(matches) == 0 {
		return s.yield(Item{Path: pattern, Named: true, Err: &photo.Error{Kind: photo.KindNotFound, Msg: "no such file or folder"}})
	}
	for _, m := range matches {
		if info, err := os.Stat(m); err == nil && info.IsDir() {
			if !s.folder(m) {
				return false
			}
			continue
		}
		if !s.file(m) {
			return false
		}
	}
	return true
}

// errStop ends a walk when the consumer stops.
var errStop = errors.New("stop")

// folder yields all files below root. The separator at its end makes the walk enter a root
// that is a link.
func (s *scanner) folder(root string) bool {
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path) // path is below root
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil:
			return s.pass(Item{Path: path, Err: unreadable(path, err)})
		case rel != "." && anyMatches(s.Exclude, func(p *Pattern) bool { return p.match(rel, d.IsDir()) }):
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			if why := notEntered(d.Name()); why != "" && rel != "." && !s.Everything {
				s.Note(path, why)
				return filepath.SkipDir
			}
			return nil
		case len(s.Include) > 0 && !anyMatches(s.Include, func(p *Pattern) bool { return p.matchFile(rel) }), !s.changedSince(d):
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return s.pass(Item{Path: path, Err: &skip{"a symbolic link"}})
		case !d.Type().IsRegular():
			return s.pass(Item{Path: path, Err: errNotRegular})
		}
		return s.pass(Item{Path: path, Folder: folderOf(rel)})
	})
	return !errors.Is(err, errStop)
}

// folderOf returns the folder of a file whose path below the uploaded folder is rel. It is empty if the
// service would not take it.
func folderOf(rel string) string {
	folder, err := photo.CleanFolder(path.Dir(rel))
	if err != nil {
		return ""
	}
	return folder
}

// pass yields an item during a walk.
func (s *scanner) pass(i Item) error {
	if !s.yield(i) {
		return errStop
	}
	return nil
}

// changedSince reports whether the file is new enough. It is if that is not known.
func (s *scanner) changedSince(d fs.DirEntry) bool {
	if s.Since.IsZero() {
		return true
	}
	info, err := d.Info()
	return err != nil || !info.ModTime().Before(s.Since)
}

// notEntered returns why a scan does not enter a folder of this name, or "".
func notEntered(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(name, "."):
		return "a hidden folder"
	case lower == "@eadir":
		return "thumbnails of a NAS"
	case strings.HasSuffix(lower, ".photoslibrary"):
		return "a library of Apple Photos: export the photos from it"
	case strings.HasSuffix(lower, ".lrdata"):
		return "Lightroom's previews"
	}
	return ""
}

// skip is the error of an item that is skipped, with the reason.
type skip struct{ reason string }

func (s *skip) Error() string { return s.reason }

// unreadable returns the error of a file that cannot be read or written.
func unreadable(path string, err error) error {
	if diskFull(err) {
		return diskFullError(filepath.Dir(path), err)
	}
	kind := photo.KindUnreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = photo.KindNotFound
	}
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Path == path {
		err = pe.Err // the message has the path already
	}
	return &photo.Error{Kind: kind, Err: err}
}
