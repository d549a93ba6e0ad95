//go:build unix

package command

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the program a process group of its own. When the context of cmd ends, or end is
// called, the whole group is killed.
func ownGroup(cmd *exec.Cmd) (end func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return func() {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nothing is left of it
		}
	}
}
