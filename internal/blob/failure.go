package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
)

// WriteError adds to an error of writing a file of this machine what it means to callers.
// ErrFull means that there is no space, or that the quota of the system's account is used up.
// ErrReadOnly means that there is no permission, or that the system has made the file system
// read-only, for example after errors of the disk.
func WriteError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), fullOnWindows(err):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return err
}

// fullOnWindows reports whether err is ERROR_HANDLE_DISK_FULL or ERROR_DISK_FULL of Windows
// (learn.microsoft.com, System Error Codes).
func fullOnWindows(err error) bool {
	return runtime.GOOS == "windows" && (errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112)))
}
