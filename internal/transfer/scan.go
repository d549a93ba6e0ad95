package transfer

import (
	"context"
	"errors"
	"fmt"
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

	ExcludeFrom []*Ignore     // files of rules about what is left out, as if they were in the folder
	IgnoreFiles bool          // the files called IgnoreFile have such rules too
	MaxSize     int64         // only files of at most so many bytes; 0: any
	MinAge      time.Duration // only files that have not changed for so long

	Hidden bool   // also hidden folders
	Apart  string // a folder that is not entered, because files are moved to it
	// Everything makes the scan enter every folder, even hidden ones and those of other
	// programs.
	Everything bool

	// Entered is called with each folder that is entered. It may be nil.
	Entered func(path string)

	// Skip reports whether a file is passed over. It may be nil.
	Skip func(path string) bool

	// LeftOut is called with each file and folder that is left out by these options, and the
	// reason. It may be nil.
	LeftOut func(path, why string)

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
	now   time.Time
}

func newScanner(o ScanOptions, yield func(Item) bool) *scanner {
	if o.Note == nil {
		o.Note = func(string, string) {}
	}
	if o.LeftOut == nil {
		o.LeftOut = func(string, string) {}
	}
	return &scanner{ScanOptions: o, yield: yield, now: time.Now()}
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
	case noSuchFile(err):
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
	var rules ignoreStack
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path) // path is below root
		rel = filepath.ToSlash(rel)
		if err != nil {
			return s.pass(Item{Path: path, Err: unreadable(path, err)})
		}
		rules.leave(rel)
		if why := s.unwanted(rules, rel, d); why != "" {
			s.LeftOut(path, why)
			return skipIf(d.IsDir())
		}
		if d.IsDir() {
			return s.enter(&rules, path, rel, d)
		}
		return s.walked(root, path, rel, d)
	})
	return !errors.Is(err, errStop)
}

// skipIf makes a walk leave out a folder.
func skipIf(folder bool) error {
	if folder {
		return filepath.SkipDir
	}
	return nil
}

// unwanted returns why the options leave a file or folder out, or "".
func (s *scanner) unwanted(rules ignoreStack, rel string, d fs.DirEntry) string {
	if rel == "." {
		return ""
	}
	if why := s.unwantedName(rules, rel, d.IsDir()); why != "" || d.IsDir() {
		return why
	}
	if s.Since.IsZero() && s.MaxSize == 0 && s.MinAge == 0 {
		return ""
	}
	info, err := d.Info()
	if err != nil {
		return "" // a file whose size and time are not known is not left out
	}
	return s.unwantedFile(info.Size(), info.ModTime())
}

// unwantedName returns why the patterns and rules leave a file or folder out, or "".
func (s *scanner) unwantedName(rules ignoreStack, rel string, folder bool) string {
	if p := matching(s.Exclude, func(p *Pattern) bool { return p.match(rel, folder) }); p != nil {
		return "--exclude " + p.String()
	}
	for _, file := range s.ExcludeFrom {
		if r := file.verdict(rel, folder); r != nil && !r.negated {
			return r.place
		}
	}
	if r := rules.leftOut(rel, folder); r != nil {
		return r.place
	}
	if !folder && len(s.Include) > 0 && matching(s.Include, func(p *Pattern) bool { return p.matchFile(rel) }) == nil {
		return "no --include matches"
	}
	return ""
}

// unwantedFile returns why the size or the time of a file leaves it out, or "". A time that is not known
// does not.
func (s *scanner) unwantedFile(size int64, modified time.Time) string {
	switch {
	case s.MaxSize > 0 && size > s.MaxSize:
		return fmt.Sprintf("larger than %d bytes", s.MaxSize)
	case modified.IsZero():
	case modified.Before(s.Since):
		return "not changed since " + s.Since.Format(time.DateTime)
	case s.MinAge > 0 && s.now.Sub(modified) < s.MinAge:
		return "changed less than " + s.MinAge.String() + " ago"
	}
	return ""
}

// enter decides whether a walk enters a folder. One whose rules cannot be read is not entered, and
// fails.
func (s *scanner) enter(rules *ignoreStack, path, rel string, d fs.DirEntry) error {
	why := s.notEntered(d.Name(), isHidden(d))
	if rel == "." {
		why = ""
	}
	if s.isApart(d) {
		why = "the folder of --move-to"
	}
	if why != "" {
		s.Note(path, why)
		return filepath.SkipDir
	}
	if s.Entered != nil {
		s.Entered(path)
	}
	if !s.IgnoreFiles {
		return nil
	}
	if err := rules.enter(path, rel); err != nil {
		if err := s.pass(Item{Path: filepath.Join(path, IgnoreFile), Named: true, Err: err}); err != nil {
			return err
		}
		return filepath.SkipDir
	}
	return nil
}

// isApart reports whether a folder is the one to which files are moved.
func (s *scanner) isApart(d fs.DirEntry) bool {
	if s.Apart == "" {
		return false
	}
	apart, err := os.Stat(s.Apart)
	info, infoErr := d.Info()
	return err == nil && infoErr == nil && os.SameFile(apart, info)
}

// walked yields a file that a walk has found.
func (s *scanner) walked(root, path, rel string, d fs.DirEntry) error {
	switch {
	case s.IgnoreFiles && d.Name() == IgnoreFile, s.Skip != nil && s.Skip(path):
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		return s.pass(Item{Path: path, Err: &skip{"a symbolic link"}})
	case !d.Type().IsRegular():
		return s.pass(Item{Path: path, Err: errNotRegular})
	}
	return s.pass(Item{Path: path, Root: root, Folder: folderOf(rel)})
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

// notEntered returns why a scan does not enter a folder of this name, or "". marked says that the system marks it as
// hidden.
func (s *scanner) notEntered(name string, marked bool) string {
	lower := strings.ToLower(name)
	switch {
	case s.Everything:
		return ""
	case lower == MirrorTrash:
		return "the trash of a mirror"
	case lower == "$recycle.bin", lower == "system volume information":
		return "a folder of Windows itself"
	case (marked || strings.HasPrefix(name, ".")) && !s.Hidden:
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
