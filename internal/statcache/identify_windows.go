package statcache

import (
	"io/fs"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// identify asks the system about the file at path, because fs.FileInfo has neither the number of a file nor the
// time of its last change on Windows. It returns nothing if the system does not answer.
func identify(path string, _ fs.FileInfo) identity {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return identity{}
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	file, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return identity{}
	}
	defer windows.CloseHandle(file) //nolint:errcheck // nothing was written
	var number windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(file, &number); err != nil {
		return identity{}
	}
	return identity{
		inode:   uint64(number.FileIndexHigh)<<32 | uint64(number.FileIndexLow),
		device:  uint64(number.VolumeSerialNumber),
		changed: changeTime(file),
	}
}

// basicInfo is FILE_BASIC_INFO (learn.microsoft.com, winbase.h).
type basicInfo struct {
	created, accessed, written int64
	changed                    windows.Filetime
	attributes, _              uint32
}

// changeTime returns when the bytes, the name or the attributes of a file last changed. No program can
// set this time by accident: SetFileTime sets the other three only. The time is zero on a file system without it, such
// as FAT.
func changeTime(file windows.Handle) time.Time {
	var info basicInfo
	err := windows.GetFileInformationByHandleEx(file, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil || info.changed == (windows.Filetime{}) {
		return time.Time{}
	}
	return time.Unix(0, info.changed.Nanoseconds())
}
