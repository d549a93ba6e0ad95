//go:build unix

package transfer

import (
	"io/fs"
	"os"
	"syscall"
)

// ownFile reports whether a file is a regular file of this user that has only one name.
func ownFile(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && int(st.Uid) == os.Geteuid() && st.Nlink == 1
}
