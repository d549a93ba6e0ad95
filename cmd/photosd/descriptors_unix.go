//go:build unix

package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// descriptors returns how many files and connections the process may have open.
func descriptors() (n int, known bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)), true //nolint:unconvert // signed on FreeBSD
}
