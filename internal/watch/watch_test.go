package watch_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"photos/internal/watch"
)

func TestWatcher(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	w, err := watch.New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "a")
	sub := filepath.Join(dir, "sub")
	for name, change := range map[string]func() error{
		"a file":    func() error { return os.WriteFile(file, []byte("x"), 0o600) },
		"a folder":  func() error { return os.Mkdir(sub, 0o700) },
		"a removal": func() error { return os.RemoveAll(filepath.Join(dir, "a")) },
	} {
		if name == "a removal" {
			_ = os.WriteFile(file, nil, 0o600)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-w.Changed():
		case <-time.After(time.Minute):
			t.Errorf("%s is not reported", name)
		}
	}
	if err := w.Add(filepath.Join(dir, "nope")); err == nil {
		t.Error("a folder that does not exist is watched")
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // other systems have other limits
	}
	for err, want := range map[error]string{
		os.NewSyscallError("inotify_add_watch", syscall.ENOSPC): "fs.inotify.max_user_watches",
		os.NewSyscallError("inotify_init", syscall.EMFILE):      "fs.inotify.max_user_instances",
		os.NewSyscallError("inotify_add_watch", syscall.EACCES): "",
	} {
		if got := watch.Limit(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
