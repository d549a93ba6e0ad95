//go:build !linux && !darwin && !windows

package safefile

import "errors"

// renameNew returns errors.ErrUnsupported.
func renameNew(_, _ string) error { return errors.ErrUnsupported }
