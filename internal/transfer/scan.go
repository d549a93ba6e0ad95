package transfer

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"photos/internal/photo"
)

// Scan yields every file that paths mean: a file itself, everything below a
// folder, or what a glob matches when no file of that very name exists. What
// cannot be read is yielded with its error and stops nothing. note is told of
// folders that are not entered; it may be nil.
func Scan(paths []string, note func(path, why string)) iter.Seq[Item] {
	if note == nil {
		note = func(string, string) {}
	}
	return func(yield func(Item) bool) {
		for _, path := range paths {
			if !scanOne(path, note, yield) {
				return
			}
		}
	}
}

// scanOne yields what one argument means and reports whether to go on.
func scanOne(path string, note func(path, why string), yield func(Item) bool) bool {
	info, err := os.Stat(path) // a link the person named is followed
	switch {
	case err == nil && info.IsDir():
		return scanFolder(path, note, yield)
	case err == nil:
		return yield(Item{Path: path, Named: true})
	case errors.Is(err, fs.ErrNotExist):
		return scanGlob(path, note, yield)
	}
	return yield(Item{Path: path, Named: true, Err: unreadable(path, err)})
}

// scanGlob yields what the pattern matches: a pattern comes here unexpanded when
// it was quoted, or from a shell that leaves expanding to the program.
func scanGlob(pattern string, note func(path, why string), yield func(Item) bool) bool {
	matches, err := filepath.Glob(pattern)
	if err != nil || len(matches) == 0 || !strings.ContainsAny(pattern, "*?[") {
		return yield(Item{Path: pattern, Named: true, Err: &photo.Error{Kind: photo.KindNotFound, Msg: "no such file or folder"}})
	}
	for _, m := range matches {
		if info, err := os.Stat(m); err == nil && info.IsDir() {
			if !scanFolder(m, note, yield) {
				return false
			}
			continue
		}
		if !yield(Item{Path: m, Named: true}) {
			return false
		}
	}
	return true
}

// errStop ends a walk whose consumer wants no more.
var errStop = errors.New("stop")

func scanFolder(root string, note func(path, why string), yield func(Item) bool) bool {
	if real, err := filepath.EvalSymlinks(root); err == nil && real != root {
		// WalkDir does not enter a root that is a link; the paths shown stay those below the name given.
		return scanBelow(root+string(filepath.Separator), note, yield)
	}
	return scanBelow(root, note, yield)
}

func scanBelow(root string, note func(path, why string), yield func(Item) bool) bool {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		item := Item{Path: path}
		switch {
		case err != nil:
			item.Err = unreadable(path, err)
		case d.IsDir():
			if why := notEntered(d.Name()); why != "" && path != root {
				note(path, why)
				return filepath.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			item.Err = &skip{"a symbolic link"}
		case !d.Type().IsRegular():
			item.Err = &skip{"not a regular file"}
		}
		if !yield(item) {
			return errStop
		}
		return nil
	})
	return err == nil
}

// notEntered says why a folder below one that was named is not looked into, or "".
func notEntered(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(name, "."):
		return "a hidden folder"
	case lower == "@eadir":
		return "a NAS's own thumbnails"
	case strings.HasSuffix(lower, ".photoslibrary"):
		return "a library of Apple Photos: export the photos from it"
	case strings.HasSuffix(lower, ".lrdata"):
		return "Lightroom's previews"
	}
	return ""
}

// skip is the Err of an item that is passed over, with the reason.
type skip struct{ reason string }

func (s *skip) Error() string { return s.reason }

func unreadable(path string, err error) error {
	kind := photo.KindUnreadable
	if errors.Is(err, fs.ErrNotExist) {
		kind = photo.KindNotFound
	}
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Path == path {
		err = pe.Err // the path is said already
	}
	return &photo.Error{Kind: kind, Err: err}
}
