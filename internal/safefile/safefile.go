// Package safefile makes, replaces and renames files in one step: whoever looks sees the old file or
// the new one, also after a process was killed, and no file is overwritten by mistake.
package safefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrChanged is the error of a file that somebody else has changed, replaced or removed.
var ErrChanged = errors.New("somebody else has just changed it")

// MoveNew renames a file to a path that no file has. It returns fs.ErrExist if there is one. Where the
// system cannot check that in the same step, the file may have both names after a process was killed.
func MoveNew(from, to string) error {
	err := renameNew(from, to)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	err = os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	if _, err := os.Lstat(to); err == nil { // a file system without hard links
		return fs.ErrExist
	}
	return Rename(from, to)
}

// Rename renames a file, and replaces one that is at the path. On Windows, where a file that another process uses can
// be neither renamed nor replaced, it waits a while for that process.
func Rename(from, to string) error {
	return WhileInUse(func() error { return os.Rename(from, to) })
}

// Create makes a file with this content. It returns fs.ErrExist if there is one.
func Create(path string, content []byte) error {
	return write(path, 0o666, content, nil, MoveNew)
}

// Replace gives a file other content. The file keeps its mode, its owner and its extended attributes,
// among them its access list. before is the file as it was when the caller read it. If it is another one
// by now, Replace returns ErrChanged.
func Replace(path string, content []byte, before fs.FileInfo) error {
	if err := checkUnchanged(path, before); err != nil {
		return err
	}
	keep := func(part *os.File) error { return keepAttributes(part, path, before) }
	return write(path, 0o600, content, keep, func(part, path string) error {
		if err := checkUnchanged(path, before); err != nil {
			return err
		}
		return Rename(part, path)
	})
}

// write writes a temporary file next to path, lets prepare change it, and lets finish rename it.
func write(path string, mode fs.FileMode, content []byte, prepare func(*os.File) error, finish func(part, path string) error) error {
	part, err := openPart(partOf(path), mode)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	if err == nil && prepare != nil {
		err = prepare(part)
	}
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = finish(part.Name(), path)
	}
	if err != nil {
		_ = os.Remove(part.Name()) // it has nothing that is not elsewhere
	}
	return err
}

// partOf returns the path of the temporary file for a path. It is always the same, so that one that a
// killed process has left is found again, and it is short, however long the name is.
func partOf(path string) string {
	sum := sha256.Sum256([]byte(filepath.Base(path)))
	return filepath.Join(filepath.Dir(path), "."+hex.EncodeToString(sum[:8])+".photos-part")
}

// openPart makes a temporary file. It removes one that a killed process has left.
func openPart(path string, mode fs.FileMode) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(path, flags, mode)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, mode)
}

// checkUnchanged returns ErrChanged if a file is not the same as before.
func checkUnchanged(path string, before fs.FileInfo) error {
	after, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrChanged
	case err != nil:
		return err
	case !os.SameFile(before, after) || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()):
		return ErrChanged
	}
	return nil
}

// keepAttributes gives a file what another one has besides its content. The owner comes first, because
// a new owner resets the mode. The access list comes last, because the mode is a part of it.
func keepAttributes(f *os.File, path string, before fs.FileInfo) error {
	if err := chown(f, before); err != nil {
		return fmt.Errorf("keep the owner: %w", err)
	}
	if err := removeAccessList(f); err != nil {
		return fmt.Errorf("keep the access list: %w", err)
	}
	if err := f.Chmod(before.Mode().Perm()); err != nil {
		return fmt.Errorf("keep the mode: %w", err)
	}
	return copyAttributes(f, path)
}
