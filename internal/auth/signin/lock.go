package signin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"photos/internal/auth"
)

const (
	lockPoll      = 20 * time.Millisecond // how often a waiting process tries
	waitingReport = 2 * time.Second       // after this time a wait is reported
)

// locker takes the lock of one credential. Only the process on this machine that holds
// it may refresh the credential. The operating system releases the lock when the process
// ends, and the file stays. The owner's pid is in a second file, because a locked file
// cannot be read on Windows.
type locker struct {
	dir     string // created if it does not exist
	id      string
	waiting func(pid int) // called once when a wait gets long; pid is 0 if it is not known; may be nil
}

func (l locker) lockPath() string { return filepath.Join(l.dir, l.id+".lock") }
func (l locker) pidPath() string  { return filepath.Join(l.dir, l.id+".pid") }

// lock waits for the lock until ctx ends. The caller calls release exactly once.
func (l locker) lock(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, &auth.Error{Kind: auth.Internal, Msg: "creating the folder for locks", Err: err}
	}
	file := flock.New(l.lockPath())
	if l.waiting != nil {
		timer := time.AfterFunc(waitingReport, func() { l.waiting(l.owner()) })
		defer timer.Stop()
	}
	if _, err := file.TryLockContext(ctx, lockPoll); err != nil {
		return nil, l.notLocked(ctx, err)
	}
	// The pid is only for messages, so a failure to write it is ignored.
	_ = os.WriteFile(l.pidPath(), []byte(strconv.Itoa(os.Getpid())), 0o600)
	return func() {
		_ = os.Remove(l.pidPath())
		_ = file.Unlock()
	}, nil
}

// notLocked returns the error for a lock that was not obtained.
func (l locker) notLocked(ctx context.Context, err error) error {
	switch {
	case auth.Interrupted(ctx):
		return context.Canceled
	case ctx.Err() == nil:
		return &auth.Error{Kind: auth.Internal, Msg: "locking the session", Err: err,
			Hint: "check the folder of " + l.lockPath()}
	}
	owner := "another process"
	if pid := l.owner(); pid != 0 {
		owner = fmt.Sprintf("process %d", pid)
	}
	return &auth.Error{Kind: auth.Unavailable, Msg: owner + " is refreshing the session and did not finish in time",
		Hint: "try again"}
}

// owner returns the pid in the owner's file, or 0. It means nothing when the lock is
// free: the file stays after a crash.
func (l locker) owner() int {
	content, err := os.ReadFile(l.pidPath())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}

// held reports whether a process holds the lock now. It does not wait.
func (l locker) held() (pid int, held bool) {
	if _, err := os.Stat(l.lockPath()); err != nil {
		return 0, false
	}
	file := flock.New(l.lockPath())
	got, err := file.TryLock()
	if err != nil || !got {
		return l.owner(), err == nil
	}
	_ = file.Unlock()
	return 0, false
}
