package disk

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"

	"photos/internal/blob"
)

// syncFolder does nothing: Windows has no sync of a folder, and NTFS journals
// names by itself.
func syncFolder(*os.Root, string) error { return nil }

// diskFull knows ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL
// (learn.microsoft.com, System Error Codes).
func diskFull(err error) bool {
	return errors.Is(err, syscall.Errno(112)) || errors.Is(err, syscall.Errno(39))
}

// lockFile keeps other handles away from f until it is closed, or the process ends.
// It locks a byte behind the end of every file, since Windows lets nobody else read
// bytes that are locked.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return blob.ErrBusy
	}
	return err
}
