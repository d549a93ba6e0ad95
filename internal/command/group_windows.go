package command

import (
	"fmt"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// runInGroup runs the program in a job of its own (learn.microsoft.com, Job Objects). When the context of cmd ends, and when
// the program has ended, everything in the job is killed.
func runInGroup(cmd *exec.Cmd) error {
	job, err := newJob()
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	defer windows.CloseHandle(job) //nolint:errcheck // nothing can be done about it
	cmd.Cancel = func() error { return windows.TerminateJobObject(job, 1) }
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := addToJob(job, cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		return fmt.Errorf("job: %w", err)
	}
	return cmd.Wait()
}

// newJob returns a job whose processes are killed when its handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		_ = windows.CloseHandle(job) // it is of no use
		return 0, err
	}
	return job, nil
}

// addToJob puts a process into a job. What the process has started before that stays outside. A process that has ended
// already cannot be added, which does no harm.
func addToJob(job windows.Handle, pid int) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE|windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid)) //nolint:gosec // a process ID
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process) //nolint:errcheck // nothing can be done about it
	err = windows.AssignProcessToJobObject(job, process)
	var code uint32
	if err != nil && windows.GetExitCodeProcess(process, &code) == nil && code != stillActive {
		return nil
	}
	return err
}

// stillActive is the exit code of a process that runs (STATUS_PENDING).
const stillActive = 259
