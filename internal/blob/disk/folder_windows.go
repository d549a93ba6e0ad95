package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"

	"photos/internal/blob"
)

// syncFolder does nothing: Windows cannot sync a folder, and NTFS keeps a journal of names.
func syncFolder(*os.Root, string) error { return nil }

// lockFile locks f until it is closed or the process ends. It locks a byte beyond the end of
// every file, because on Windows nobody else can read locked bytes.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return blob.ErrBusy
	}
	return err
}
