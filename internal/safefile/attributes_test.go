//go:build linux

package safefile_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"photos/internal/safefile"
)

const accessList = "system.posix_acl_access"

// entry is one entry of an access list (acl(5)), as the kernel stores it.
type entry struct {
	tag, permissions uint16
	id               uint32
}

func listOf(entries ...entry) []byte {
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		list = binary.LittleEndian.AppendUint16(list, e.tag)
		list = binary.LittleEndian.AppendUint16(list, e.permissions)
		list = binary.LittleEndian.AppendUint32(list, e.id)
	}
	return list
}

// secret returns an access list for the owner and one other user. The group has no access, although the mode then
// says that it has: those bits are the mask.
func secret() []byte {
	const none = ^uint32(0)
	return listOf(entry{1, 6, none}, entry{2, 4, 4711}, entry{4, 0, none}, entry{16, 4, none}, entry{32, 0, none})
}

// set sets an attribute. ok is false where the file system does not have such attributes.
func set(t *testing.T, path, name string, value []byte) (ok bool) {
	t.Helper()
	err := unix.Setxattr(path, name, value, 0)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("%s: %v", name, err)
	}
	return err == nil
}

func get(path, name string) string {
	buf := make([]byte, 1000)
	n, err := unix.Getxattr(path, name, buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// TestReplaceKeepsAttributes replaces files that have a mode, an owner, extended attributes and an access list. Where
// the file system has none, replacing works the same.
func TestReplaceKeepsAttributes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write(t, path, "1")
	for name, value := range map[string][]byte{"user.photos.test": []byte("kept"), "user.empty": nil, accessList: secret()} {
		set(t, path, name, value)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 4712, 4713); err != nil {
			t.Fatal(err)
		}
	}
	replaceAndCompare(t, path)
}

// TestReplaceTakesNothingFromTheFolder replaces a file without an access list in a folder that gives one to new files.
func TestReplaceTakesNothingFromTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write(t, path, "1")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	set(t, dir, "system.posix_acl_default", secret())
	replaceAndCompare(t, path)
}

// replaceAndCompare replaces a file and requires that it differs only in its content.
func replaceAndCompare(t *testing.T, path string) {
	t.Helper()
	names := []string{"user.photos.test", "user.empty", accessList}
	before, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, name := range names {
		want[name] = get(path, name)
	}
	if err := safefile.Replace(path, []byte("23"), before); err != nil {
		t.Fatal(err)
	}
	after, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := before.Sys().(*syscall.Stat_t)
	is, _ := after.Sys().(*syscall.Stat_t)
	if after.Mode() != before.Mode() || was.Uid != is.Uid || was.Gid != is.Gid || was.Ino == is.Ino {
		t.Errorf("%v of %d:%d became %v of %d:%d", before.Mode(), was.Uid, was.Gid, after.Mode(), is.Uid, is.Gid)
	}
	for _, name := range names {
		if got := get(path, name); got != want[name] {
			t.Errorf("%s is %q, want %q", name, got, want[name])
		}
	}
	requireFiles(t, filepath.Dir(path), map[string]string{"a": "23"})
}
