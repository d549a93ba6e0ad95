package transfer

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// noSuchFile reports whether err says that a file does not exist. On Windows, no file can have a name with
// * or ?, and the system says so by an error of its own.
func noSuchFile(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, windows.ERROR_INVALID_NAME)
}
