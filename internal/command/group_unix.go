//go:build unix

package command

import (
	"os/exec"
	"syscall"
)

// runInGroup runs the program in a process group of its own. When the context of cmd ends, and when the program has ended,
// the whole group is killed.
func runInGroup(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nothing is left of it
	}
	return err
}
