package transfer

import (
	"io/fs"
	"syscall"
)

// isHidden reports whether a folder has the attribute of hidden ones, as AppData has.
func isHidden(d fs.DirEntry) bool {
	info, err := d.Info()
	if err != nil {
		return false
	}
	attributes, ok := info.Sys().(*syscall.Win32FileAttributeData)
	return ok && attributes.FileAttributes&syscall.FILE_ATTRIBUTE_HIDDEN != 0
}
