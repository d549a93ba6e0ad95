//go:build !windows

package signin

import (
	"os/exec"
	"syscall"
)

// detach gives cmd a session of its own. Its streams are nil, so they are /dev/null.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
