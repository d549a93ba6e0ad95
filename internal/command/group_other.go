//go:build !unix && !windows

package command

import "os/exec"

// runInGroup runs the program. When the context of cmd ends, only the program itself is killed here.
func runInGroup(cmd *exec.Cmd) error { return cmd.Run() }
