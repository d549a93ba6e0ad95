package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// TestOtherProgramsReadASpool opens a spooled file as most programs of Windows do: not if another one may write to it.
func TestOtherProgramsReadASpool(t *testing.T) {
	t.Setenv("TMP", t.TempDir())
	f, remove, err := newSpool(spooledPhoto)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("a photo"); err != nil {
		t.Fatal(err)
	}
	reader, err := onlyRead(f)
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.UTF16PtrFromString(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	other, err := syscall.CreateFile(name, syscall.GENERIC_READ, syscall.FILE_SHARE_READ, nil, syscall.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Errorf("another program cannot read it: %v", err)
	} else if err := syscall.CloseHandle(other); err != nil {
		t.Error(err)
	}
	if err := os.Remove(f.Name()); err == nil {
		t.Error("another process can remove it")
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	remove()
	if _, err := os.Lstat(f.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is left: %v", err)
	}
}
