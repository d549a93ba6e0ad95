//go:build !linux && !darwin && !freebsd && !windows

package disk

// Free does not know.
func (s *Store) Free() (bytes int64, known bool) { return 0, false }
