package thumb

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// boxes returns the command lines of bubblewrap without the program, the strictest first. In a box a program has no
// network, and no files other than the system's and those that are added.
//
// The usual containers hide parts of /proc. There the kernel refuses a new /proc, so the second box has that of
// photosd, read-only. A program in it cannot look into other processes: the kernel requires rights of their user
// namespace for that.
func boxes(bwrap string) [][]string {
	box := []string{
		bwrap, "--unshare-all", "--die-with-parent", "--new-session",
		"--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/bin", "/bin",
		"--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--dev", "/dev",
	}
	return [][]string{append(slices.Clone(box), "--proc", "/proc"), append(box, "--ro-bind", "/proc", "/proc")}
}

// findBox returns the strictest box that works here. If none does, it returns why: many containers may not make user
// namespaces.
func findBox(bwrap string) (box []string, err error) {
	for _, box = range boxes(bwrap) {
		if err = tryBox(box); err == nil {
			return box, nil
		}
	}
	return nil, err
}

// tryBox runs a program that does nothing in a box.
func tryBox(box []string) error {
	const enough = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	cmd := exec.CommandContext(ctx, box[0], append(slices.Clone(box[1:]), "/bin/sh", "-c", "test -e /proc/self/fd/0")...)
	killGroup(cmd)
	cmd.WaitDelay = waitDelay
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
