package secret

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// openNoFollow opens a file for reading and fails on a symbolic link.
func openNoFollow(path string) (f *os.File, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	err = whileInUse(func() error {
		f, err = os.Open(path)
		return err
	})
	return f, err
}

// whileInUse calls do again, for at most two seconds, as long as its error says that another process uses the
// file. Windows neither replaces nor removes a file that somebody reads, and for some such errors it says only that
// access is denied.
func whileInUse(do func() error) error {
	const wait, tries = 10 * time.Millisecond, 200
	var err error
	for range tries {
		err = do()
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err
		}
		time.Sleep(wait)
	}
	return err
}

// checkPrivate has nothing to check. Files in a user's profile folder inherit an access
// list that admits the user, administrators and the system. Go's mode bits do not show
// it.
func checkPrivate(string, fs.FileInfo) error { return nil }

// syncDir has nothing to do. NTFS journals renames, and a folder cannot be synced.
func syncDir(string) error { return nil }
