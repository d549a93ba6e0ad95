//go:build !windows

package disk

import (
	"errors"
	"os"
)

// syncFolder makes the names in a folder durable.
func syncFolder(root *os.Root, path string) error {
	d, err := root.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskFull is for systems whose error for it is not ENOSPC.
func diskFull(error) bool { return false }
