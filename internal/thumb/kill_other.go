//go:build !unix

package thumb

import "os/exec"

// killGroup does nothing: the end of the context kills the program alone.
func killGroup(*exec.Cmd) {}
