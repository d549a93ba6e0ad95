//go:build unix

package secret

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"photos/internal/auth"
)

// openNoFollow opens a file for reading. It fails on a symbolic link and does not wait
// on a named pipe.
func openNoFollow(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// checkPrivate refuses a file or folder that belongs to another user or that others may
// access.
func checkPrivate(path string, info fs.FileInfo) error {
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return &auth.Error{Kind: auth.Keyring, Msg: path + " belongs to another user",
			Hint: "remove it and sign in again as yourself"}
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return &auth.Error{Kind: auth.Keyring, Msg: path + " is not an ordinary file", Hint: "remove it and sign in again"}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return &auth.Error{Kind: auth.Keyring, Msg: fmt.Sprintf("%s is open to others (mode %04o)", path, mode),
			Hint: fmt.Sprintf("chmod %s %s, and sign in again if somebody may have read it", want, path)}
	}
	return nil
}

// syncDir makes renames and removals in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
