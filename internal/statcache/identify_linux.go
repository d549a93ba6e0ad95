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
	return identity{inode: st.Ino, device: uint64(st.Dev), changed: time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec))} //nolint:unconvert // the types differ between architectures
}
