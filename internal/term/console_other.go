//go:build !windows

package term

import "os"

// enableSequences returns true: terminals read escape sequences here.
func enableSequences(*os.File) bool { return true }

// isClosedPipe returns false: a write to a pipe that nobody reads fails with syscall.EPIPE already.
func isClosedPipe(error) bool { return false }
