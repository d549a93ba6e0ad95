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

// openData creates the data folder if necessary, and locks it for this process. It refuses a
// folder that other users can read, and a database file that they can read. database is empty
// for a database server: then several services may share the folder. With a database file one
// service uses it alone, because a second one could remove the first one's uploads. The lock is
// on its own file, which is never removed.
func openData(dir, database string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "create the data folder", Hint: "choose another folder with --data", Err: err}
	}
	if err := usable(dir); err != nil {
		return nil, err
	}
	if err := private(dir, database); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	take := lock.TryLock
	if database == "" {
		take = lock.TryRLock
	}
	locked, err := take()
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "lock the data folder", Hint: "choose another folder with --data", Err: err}
	}
	if !locked {
		return nil, &photo.Error{Kind: photo.KindConflict, Msg: "another photosd uses " + dir, Hint: "stop it, or choose another folder with --data"}
	}
	return lock, nil
}

// usable refuses a data folder that belongs to another user, or has a file of photosd that does. That
// happens if root ran photosd once, or restored a backup.
func usable(dir string) error {
	for _, name := range []string{".", "lock", "photos.db", "photos.db-wal", "photos.db-shm", "userpool.db", "blobs", "uploads", "forms", "spool"} {
		path := filepath.Join(dir, name)
		if err := mayUse(path); errors.Is(err, fs.ErrPermission) {
			return &photo.Error{Kind: photo.KindUnreadable, Msg: path, Hint: "the data folder must belong to the user who runs photosd: chown -R USER " + words([]string{dir})[0], Err: err}
		}
	}
	return nil
}

// private refuses a data folder or a database that other users can access. It also refuses files
// in the folder that they could read if the folder were opened to them later. It does not check
// the database's folder if that is another one: its mode is up to the operator.
func private(dir, database string) error {
	if runtime.GOOS == "windows" { // Windows has no mode bits, and the folders of a user profile are private
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
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} { // SQLite's files and the lock of migrations
			paths = append(paths, database+suffix)
		}
	}
	open, err := openToOthers(paths)
	if err != nil || len(open) == 0 {
		return err
	}
	return &photo.Error{Kind: photo.KindForbidden, Msg: open[0] + tooMany(len(open)), Hint: "chmod go= " + strings.Join(words(open), " ")}
}

// tooMany completes the message about n files and folders after the name of the first one.
func tooMany(n int) string {
	if n == 1 {
		return " is open to other users"
	}
	return fmt.Sprintf(" and %d more are open to other users", n-1)
}

// openToOthers returns the paths that other users may read, write or enter. It follows symbolic links.
func openToOthers(paths []string) (open []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) { // it was never created, or another photosd has removed it
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

// words returns paths as words for a shell, quoted if necessary.
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

// plainRunes are the characters that a shell does not interpret.
const plainRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,@%:="
