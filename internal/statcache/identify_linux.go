package statcache

import (
	"io/fs"
	"syscall"
	"time"
)

// identify returns what info has. It does not ask the system again.
func identify(_ string, info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{inode: st.Ino, device: uint64(st.Dev), changed: time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec))} //nolint:unconvert // the types differ between architectures
}
