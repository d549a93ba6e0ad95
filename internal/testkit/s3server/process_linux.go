package s3server

import (
	"os/exec"
	"syscall"
)

// endWithTests lets the server end when the tests do, even if they are killed.
func endWithTests(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
