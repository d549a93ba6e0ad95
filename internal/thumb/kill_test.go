//go:build unix

package thumb_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"photos/internal/picture"
	"photos/internal/thumb"
)

// A program that takes too long is killed together with what it has started, even if that
// keeps its standard error open.
func TestSlowProgramIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	noted := filepath.Join(dir, "pid")
	program := filepath.Join(dir, "slow")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nsleep 600 &\necho $! >"+noted+"\nwait\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	m := thumb.New(thumb.Config{FFmpeg: program, Timeout: 5 * time.Second}) // a busy machine may need some of that to start it
	file := []byte("RIFF\x00\x00\x00\x00AVI LIST")
	start := time.Now()
	_, err := m.Make(context.Background(), picture.AVI, bytes.NewReader(file), int64(len(file)))
	if !errors.Is(err, thumb.ErrRefused) {
		t.Errorf("error %v, want %v", err, thumb.ErrRefused)
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
	text, err := os.ReadFile(noted)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if !strings.Contains(string(stat), ") Z ") { // a container without an init does not collect it
		t.Errorf("the process %d that the program started lives on: %s", pid, stat)
	}
}
