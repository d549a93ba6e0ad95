package command_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"photos/internal/command"
)

// roleEnv makes the test binary a program that starts another one, or the other one.
const roleEnv = "PHOTOS_COMMAND_TEST_ROLE"

// TestRoles is not a test. It is what the programs of the next test do.
func TestRoles(*testing.T) {
	switch os.Getenv(roleEnv) {
	case "first":
		second := exec.Command(os.Args[0], "-test.run=^TestRoles$")
		second.Env = append(os.Environ(), roleEnv+"=second")
		if err := second.Start(); err != nil {
			panic(err)
		}
		fmt.Println(second.Process.Pid)
		os.Exit(0)
	case "second":
		time.Sleep(10 * time.Minute)
	}
}

// TestRunLeavesNothingBehind checks that a program which leaves another one running is done when it ends itself, and that
// the other one ends too.
func TestRunLeavesNothingBehind(t *testing.T) {
	t.Setenv(roleEnv, "first")
	c, err := command.Parse(`"` + os.Args[0] + `" -test.run=^TestRoles$ {}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Run(t.Context(), "x", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.ParseUint(got, 10, 32)
	if err != nil {
		t.Fatalf("the program printed %q", got)
	}
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return // it is gone
	}
	defer windows.CloseHandle(process)
	if event, err := windows.WaitForSingleObject(process, 60_000); err != nil || event != windows.WAIT_OBJECT_0 {
		t.Errorf("process %d still runs: %d, %v", pid, event, err)
	}
}
