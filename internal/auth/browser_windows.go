package auth

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

func openSystemBrowser(address string) error {
	open, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return err
	}
	file, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return err
	}
	return windows.ShellExecute(0, open, file, nil, nil, windows.SW_SHOWNORMAL)
}

// detach keeps Ctrl-C at our console from cmd. Its streams are nil, which is NUL.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
