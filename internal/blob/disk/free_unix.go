//go:build linux || darwin || freebsd

package disk

import (
	"math"

	"golang.org/x/sys/unix"
)

// Free returns how many bytes the service may still write to the disk.
func (s *Store) Free() (bytes int64, known bool) {
	var disk unix.Statfs_t
	if err := unix.Statfs(s.root.Name(), &disk); err != nil || disk.Bavail < 0 { //nolint:staticcheck // signed on FreeBSD
		return 0, false
	}
	return int64(min(uint64(disk.Bavail)*uint64(disk.Bsize), math.MaxInt64)), true //nolint:unconvert // other types elsewhere
}
