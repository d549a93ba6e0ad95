package disk

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder does nothing: Windows has no sync of a folder, and NTFS journals
// names by itself.
func syncFolder(*os.Root, string) error { return nil }

// diskFull knows ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL
// (learn.microsoft.com, System Error Codes).
func diskFull(err error) bool {
	return errors.Is(err, syscall.Errno(112)) || errors.Is(err, syscall.Errno(39))
}
