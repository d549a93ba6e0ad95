//go:build unix

package dbserver

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user without rights on Debian.
const nobody = 65534

// AsNobody makes a command run as the user without rights, if this process is root.
func AsNobody(cmd *exec.Cmd) {
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

// Freeze suspends the server's process, so that it accepts connections and answers nothing.
func (s *Server) Freeze() error { return s.Signal(syscall.SIGSTOP) }

// Thaw lets a process continue that Freeze suspended.
func (s *Server) Thaw() error { return s.Signal(syscall.SIGCONT) }

// atOnce is the signal that ends a server without its last words. PostgreSQL's processes
// would outlive a SIGKILL of the first one.
func atOnce(e Engine) os.Signal {
	if e == Postgres {
		return syscall.SIGQUIT
	}
	return syscall.SIGKILL
}
