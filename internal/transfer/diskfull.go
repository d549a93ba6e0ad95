package transfer

import (
	"errors"
	"io/fs"
	"runtime"
	"syscall"

	"photos/internal/photo"
)

// diskFull reports whether a disk of this machine is full or read-only, so that no other file
// can be written there.
func diskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS) {
		return true
	}
	const handleDiskFull, diskFull = syscall.Errno(39), syscall.Errno(112) // System Error Codes (learn.microsoft.com)
	return runtime.GOOS == "windows" && (errors.Is(err, handleDiskFull) || errors.Is(err, diskFull))
}

// diskFullError returns the error of a run that can write nothing more to dir.
func diskFullError(dir string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // its path is that of a temporary file
	}
	return &photo.Error{Kind: photo.KindStorageFull, Msg: "cannot write to " + dir, Hint: "make room there or choose another folder with -o, then run the command again", Err: err}
}
