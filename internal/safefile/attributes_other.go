//go:build !linux && !darwin

package safefile

import "os"

// removeAccessList does nothing where photos does not know access lists.
func removeAccessList(*os.File) error { return nil }

// copyAttributes does nothing where photos does not know extended attributes.
func copyAttributes(*os.File, string) error { return nil }
