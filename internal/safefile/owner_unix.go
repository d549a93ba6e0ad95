//go:build unix

package safefile

import (
	"io/fs"
	"os"
	"syscall"
)

// chown gives a file the owner and the group of an earlier one.
func chown(f *os.File, before fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	now, ok1 := info.Sys().(*syscall.Stat_t)
	old, ok2 := before.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || now.Uid == old.Uid && now.Gid == old.Gid {
		return nil
	}
	return f.Chown(int(old.Uid), int(old.Gid))
}
