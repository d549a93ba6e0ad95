//go:build linux || darwin

package safefile

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// accessList is the attribute that has the access list of a file on Linux (acl(5)). A file gets one from
// its folder, if that has a default one.
const accessList = "system.posix_acl_access"

// removeAccessList removes the access list that a new file has from its folder.
func removeAccessList(f *os.File) error {
	err := unix.Fremovexattr(int(f.Fd()), accessList)
	if err == nil || isAbsent(err) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// copyAttributes gives a file the extended attributes of the one at path. Those of the user and the
// access list must be kept. Others belong to the system, which may not let them be set.
func copyAttributes(f *os.File, path string) error {
	names, err := attributeNames(path)
	if err != nil {
		return fmt.Errorf("keep the extended attributes: %w", err)
	}
	for _, name := range names {
		value, err := attribute(path, name)
		if err == nil {
			err = unix.Fsetxattr(int(f.Fd()), name, value, 0)
		}
		if err != nil && (name == accessList || strings.HasPrefix(name, "user.")) {
			return fmt.Errorf("keep the extended attribute %s: %w", name, err)
		}
	}
	return nil
}

// attributeNames returns the names of the extended attributes of a file. There are none where the file
// system has none.
func attributeNames(path string) ([]string, error) {
	data, err := sized(func(buf []byte) (int, error) { return unix.Llistxattr(path, buf) })
	if isAbsent(err) {
		return nil, nil
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == 0 }), err
}

// attribute returns the value of an extended attribute of a file.
func attribute(path, name string) ([]byte, error) {
	return sized(func(buf []byte) (int, error) { return unix.Lgetxattr(path, name, buf) })
}

// sized calls read first for the size of what it reads, and then with a buffer of that size.
func sized(read func(buf []byte) (int, error)) ([]byte, error) {
	n, err := read(nil)
	if err != nil || n == 0 {
		return nil, err
	}
	buf := make([]byte, n)
	n, err = read(buf)
	return buf[:max(n, 0)], err
}

// isAbsent reports whether the file lacks the attribute, or its file system has no attributes.
func isAbsent(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, errNoAttribute)
}
