//go:build !windows

package auth

import (
	"os/exec"
	"runtime"
	"syscall"
)

func openSystemBrowser(address string) error {
	if runtime.GOOS == "darwin" {
		return startFirst(address, "open")
	}
	return startFirst(address, "xdg-open", "x-www-browser", "www-browser")
}

// detach gives cmd a session of its own. Its streams are nil, which is /dev/null.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
