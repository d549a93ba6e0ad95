package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// The names of temporary files. What is in place of the star is random.
const (
	spooledStdin = "photos-stdin-*"    // the bytes of a pipe
	spooledPhoto = "photos-describe-*" // a photo that a command describes
)

// spool writes the bytes of a pipe to a private temporary file, so that they can be digested
// and sent, also more than once. It also removes the files of processes that were killed.
// remove removes the file.
func spool(r io.Reader) (path string, remove func(), err error) {
	sweepSpools(spooledStdin)
	f, remove, err := newSpool(spooledStdin)
	if err != nil {
		return "", nil, fmt.Errorf("spool stdin: %w", err)
	}
	if _, err = io.Copy(f, r); err != nil {
		remove()
		return "", nil, unreadable("read stdin", err)
	}
	return f.Name(), remove, nil
}

// newSpool makes a temporary file that only the user can read. As long as this process runs, no
// other one sweeps it away. remove closes and removes it.
func newSpool(pattern string) (f *os.File, remove func(), err error) {
	f, err = os.CreateTemp("", pattern) // 0600
	if err != nil {
		return nil, nil, err
	}
	unlock, err := lockSpool(f.Name())
	remove = func() {
		_ = os.Remove(f.Name())
		_ = f.Close() // Windows does not remove an open file
		_ = os.Remove(f.Name())
		if unlock != nil {
			unlock()
		}
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return f, remove, nil
}

// onlyRead closes a file that was written and opens it again for reading. On Windows, many programs do not read a file that
// another process may write, and an open file is still not removed.
func onlyRead(f *os.File) (*os.File, error) {
	if err := f.Close(); err != nil {
		return nil, err
	}
	return os.Open(f.Name())
}

// errInUse is the error of a file that another process uses.
var errInUse = errors.New("in use")

// lockSpool marks the file as in use as long as this process runs. Windows does not remove open
// files, so no mark is needed there.
func lockSpool(path string) (unlock func(), err error) {
	if runtime.GOOS == "windows" {
		return func() {}, nil
	}
	l := flock.New(path, flock.SetFlag(os.O_RDWR))
	if ok, err := l.TryLock(); err != nil || !ok {
		return nil, errors.Join(errInUse, err)
	}
	return func() { _ = l.Close() }, nil
}

// spoolAge is how old a file must be before it may be removed. A file that was just made is not
// locked yet.
const spoolAge = time.Minute

// filesLike returns the paths of what is in a folder and has a name like the pattern, in the order of their names.
// Unlike filepath.Glob, it takes the path of the folder literally. A folder that does not exist has no files.
func filesLike(dir, pattern string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		matches, err := filepath.Match(pattern, e.Name())
		if err != nil {
			return nil, err
		}
		if matches {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// sweepSpools removes the files of processes that were killed. It keeps files of
// other users and files in use.
func sweepSpools(pattern string) {
	paths, _ := filesLike(os.TempDir(), pattern) // what cannot be listed cannot be removed
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < spoolAge {
			continue
		}
		if unlock, err := lockSpool(path); err == nil {
			_ = os.Remove(path)
			unlock()
		}
	}
}
