package safefile

import (
	"os"

	"golang.org/x/sys/windows"
)

// renameNew renames a file to a path that no file has. Without MOVEFILE_REPLACE_EXISTING, the system refuses to replace
// one, also on disks without hard links, such as memory cards.
func renameNew(from, to string) error {
	err := WhileInUse(func() error { return moveFile(from, to) })
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func moveFile(from, to string) error {
	oldPath, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	newPath, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(oldPath, newPath, 0)
}
