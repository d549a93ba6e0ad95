//go:build unix

package term

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// waitForReader returns when nobody reads the pipe any more that f writes to. It waits without end if f
// is something else.
func waitForReader(f *os.File) {
	for {
		fds := []unix.PollFd{{Fd: int32(f.Fd())}} // no events: only that the other end has gone
		switch _, err := unix.Poll(fds, -1); {
		case err == nil && fds[0].Revents&unix.POLLNVAL == 0:
			return
		case !errors.Is(err, unix.EINTR):
			select {}
		}
	}
}
