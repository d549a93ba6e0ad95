package disk

import (
	"math"

	"golang.org/x/sys/windows"
)

// Free returns how many bytes the service may still write to the disk.
func (s *Store) Free() (bytes int64, known bool) {
	path, err := windows.UTF16PtrFromString(s.root.Name())
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(free, math.MaxInt64)), true
}
