//go:build unix

package dbserver

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user without rights on Debian.
const nobody = 65534

func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

func giveAway(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return os.Chown(path, nobody, nobody)
}

// atOnce is the signal that ends a server without its last words. PostgreSQL's processes
// would outlive a SIGKILL of the first one.
func atOnce(e Engine) os.Signal {
	if e == Postgres {
		return syscall.SIGQUIT
	}
	return syscall.SIGKILL
}
