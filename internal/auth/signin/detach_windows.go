package signin

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach separates cmd from the console, so that Ctrl-C does not end it. Its streams are
// nil, so they are NUL.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
