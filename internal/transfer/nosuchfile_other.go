//go:build !windows

package transfer

import (
	"errors"
	"io/fs"
)

// noSuchFile reports whether err says that there is no file of a name.
func noSuchFile(err error) bool { return errors.Is(err, fs.ErrNotExist) }
