package safefile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames a file to a path that no file has. It returns errors.ErrUnsupported where the file
// system cannot do that in one step.
func renameNew(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, errors.ErrUnsupported):
		return errors.ErrUnsupported
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}
