package statcache

import (
	"io/fs"
	"syscall"
	"time"
)

func identify(info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{inode: st.Ino, device: uint64(uint32(st.Dev)), changed: time.Unix(st.Ctimespec.Sec, st.Ctimespec.Nsec)} //nolint:gosec // bits, not a number
}
