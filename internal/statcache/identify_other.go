//go:build !linux && !darwin && !windows

package statcache

import "io/fs"

// identify returns nothing on this system. Size and time of modification must suffice.
func identify(string, fs.FileInfo) identity { return identity{} }
