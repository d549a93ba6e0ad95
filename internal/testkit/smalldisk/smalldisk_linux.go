// Package smalldisk gives a test a disk of its own that is soon full.
package smalldisk

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// place names, for the process that has the small disk, where it is.
const place = "SMALLDISK"

// Run runs test, in a process of its own, with an empty file system that has the
// options of tmpfs(5), such as size=1m or nr_inodes=20. It is called first thing
// by a top-level test, and needs no privilege: the process is root in
// user and mount namespaces of its own. Where those are forbidden the test is skipped.
func Run(t *testing.T, options string, test func(t *testing.T, dir string)) {
	t.Helper()
	if dir := os.Getenv(place); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
			t.Fatalf("mount a small disk: %v", err)
		}
		test(t, dir)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), place+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if cmd.Process == nil {
		t.Skipf("no namespaces of its own for a small disk: %v", err)
	}
	if err != nil {
		t.Errorf("on a disk of %s: %v\n%s", options, err, out)
	}
}
