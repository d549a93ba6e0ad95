package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"

	"photos/internal/photo"
)

// openData makes the data folder where there is none, and locks it: two services
// over one SQLite folder would sweep each other's uploads away at the next stop. It
// refuses a folder or a database file (may be empty) that others can read.
// The lock is on a file of its own, which is never removed.
func openData(dir, database string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "make the data folder", Hint: "--data names another one", Err: err}
	}
	if err := private(dir, database); err != nil {
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

// private refuses a data folder or a database that others can look into, and files in the
// folder that they could read if it were ever opened. The folder of the database may be
// another one, and is the operator's.
func private(dir, database string) error {
	if runtime.GOOS == "windows" { // has no mode bits; a profile's folders are private there
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	paths := []string{dir}
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	if database != "" && filepath.Dir(database) != dir {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} { // those of SQLite, and the migrations'
			paths = append(paths, database+suffix)
		}
	}
	open, err := openToOthers(paths)
	if err != nil || len(open) == 0 {
		return err
	}
	return &photo.Error{Kind: photo.KindForbidden, Msg: open[0] + tooMany(len(open)), Hint: "chmod go= " + strings.Join(words(open), " ")}
}

// tooMany says of n files and folders, the first of which was named, what is wrong.
func tooMany(n int) string {
	if n == 1 {
		return " is open to other users"
	}
	return fmt.Sprintf(" and %d more are open to other users", n-1)
}

// openToOthers returns those of paths that users other than their owner may read, write or enter. A symbolic link
// counts as what it points to.
func openToOthers(paths []string) (open []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) { // never made, or removed by another photosd since
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			open = append(open, path)
		}
	}
	return open, nil
}

// words quotes paths for a shell where that is necessary.
func words(paths []string) []string {
	quoted := make([]string, len(paths))
	for i, path := range paths {
		quoted[i] = path
		if strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(plainRunes, r) }) {
			quoted[i] = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
		}
	}
	return quoted
}

// plainRunes mean nothing to a shell.
const plainRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@%:="
