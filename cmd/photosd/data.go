package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"

	"photos/internal/photo"
)

// openData makes the data folder where there is none, and locks it: two services
// over one SQLite folder would sweep each other's uploads away at the next stop.
// The lock is on a file of its own, which is never removed.
func openData(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "make the data folder", Hint: "--data names another one", Err: err}
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "lock the data folder", Hint: "--data names another one", Err: err}
	}
	if !locked {
		return nil, &photo.Error{Kind: photo.KindConflict, Msg: "another photosd uses " + dir, Hint: "stop it, or give this one a folder of its own with --data"}
	}
	return lock, nil
}

// private refuses a folder that others can look into, and files in it that they
// could read if the folder were ever opened.
func private(dir string) error {
	if runtime.GOOS == "windows" { // has no mode bits; a profile's folders are private there
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := closed(dir, info); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // another photosd's, gone since
			continue
		}
		if err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		if err := closed(filepath.Join(dir, e.Name()), info); err != nil {
			return err
		}
	}
	return nil
}

func closed(path string, info fs.FileInfo) error {
	mode := info.Mode()
	if mode.Perm()&0o077 == 0 || mode&fs.ModeSymlink != 0 {
		return nil
	}
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: fmt.Sprintf("%s is open to other users (mode %04o)", path, mode.Perm()),
		Hint: fmt.Sprintf("chmod %o %s", mode.Perm()&0o700, path),
	}
}
