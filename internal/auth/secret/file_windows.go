package secret

import (
	"io/fs"
	"os"

	"photos/internal/safefile"
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
	err = safefile.WhileInUse(func() error {
		f, err = os.Open(path)
		return err
	})
	return f, err
}

// checkPrivate has nothing to check. Files in a user's profile folder inherit an access
// list that admits the user, administrators and the system. Go's mode bits do not show
// it.
func checkPrivate(string, fs.FileInfo) error { return nil }

// syncDir has nothing to do. NTFS journals renames, and a folder cannot be synced.
func syncDir(string) error { return nil }
