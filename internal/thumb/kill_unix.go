//go:build unix

package thumb

import (
	"os/exec"
	"syscall"
)

// killGroup has the end of the context kill the program together with the processes that it
// has started. bubblewrap, killed while it starts, would otherwise leave one behind.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
