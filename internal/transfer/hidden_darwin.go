package transfer

import (
	"io/fs"
	"syscall"
)

// isHidden reports whether a folder has the flag of hidden ones (chflags(2)), as Library has.
func isHidden(d fs.DirEntry) bool {
	const hidden = 0x8000 // UF_HIDDEN
	info, err := d.Info()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Flags&hidden != 0
}
