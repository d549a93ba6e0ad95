package auth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	lockPoll = 20 * time.Millisecond // how often a waiting process looks
	lockTold = 2 * time.Second       // after this long a wait is worth telling
)

// locker takes the lock of one credential, which keeps all but one process on this
// machine from refreshing it. The lock is the system's own, so it ends with its holder
// however that dies; the file stays. Who holds it is told by a second file, because on
// Windows a locked file cannot be read.
type locker struct {
	dir     string // made when missing
	id      string
	waiting func(pid int) // called once a wait gets long; pid 0: unknown; may be nil
}

func (l locker) lockPath() string { return filepath.Join(l.dir, l.id+".lock") }
func (l locker) pidPath() string  { return filepath.Join(l.dir, l.id+".pid") }

// lock waits for the lock until ctx ends. The caller calls the function it returns
// exactly once.
func (l locker) lock(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, &Error{Kind: Internal, Msg: "making the folder for locks", Err: err}
	}
	file := flock.New(l.lockPath())
	if l.waiting != nil {
		timer := time.AfterFunc(lockTold, func() { l.waiting(l.holder()) })
		defer timer.Stop()
	}
	if _, err := file.TryLockContext(ctx, lockPoll); err != nil {
		return nil, l.notLocked(ctx, err)
	}
	// Only talk depends on the pid: a failure to write it is no reason to fail.
	_ = os.WriteFile(l.pidPath(), []byte(strconv.Itoa(os.Getpid())), 0o600)
	return func() {
		_ = os.Remove(l.pidPath())
		_ = file.Unlock()
	}, nil
}

func (l locker) notLocked(ctx context.Context, err error) error {
	switch {
	case interrupted(ctx):
		return context.Canceled
	case ctx.Err() == nil:
		return &Error{Kind: Internal, Msg: "locking the session", Err: err,
			Hint: "check the folder of " + l.lockPath()}
	}
	holder := "another process"
	if pid := l.holder(); pid != 0 {
		holder = fmt.Sprintf("process %d", pid)
	}
	return &Error{Kind: Unavailable, Msg: "waited in vain for " + holder + ", which is refreshing the session",
		Hint: "try again"}
}

// holder is the pid the holder wrote down, or 0. After a crash it may be that of a
// process long gone; it only matters while the lock is held.
func (l locker) holder() int {
	text, err := os.ReadFile(l.pidPath())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// held reports whether some process holds the lock now, without waiting.
func (l locker) held() (pid int, held bool) {
	if _, err := os.Stat(l.lockPath()); err != nil {
		return 0, false
	}
	file := flock.New(l.lockPath())
	got, err := file.TryLock()
	if err != nil || !got {
		return l.holder(), err == nil
	}
	_ = file.Unlock()
	return 0, false
}
