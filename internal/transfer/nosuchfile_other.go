//go:build !windows

package transfer

import (
	"errors"
	"io/fs"
)

// noSuchFile reports whether err says that a file does not exist.
func noSuchFile(err error) bool { return errors.Is(err, fs.ErrNotExist) }
