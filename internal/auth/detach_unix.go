//go:build !windows

package auth

import (
	"os/exec"
	"syscall"
)

// detach gives cmd a session of its own. Its streams are nil, which is /dev/null.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
