//go:build !linux && !darwin

package statcache

import "io/fs"

// identify knows nothing more here: size and modification time must do.
func identify(fs.FileInfo) identity { return identity{} }
