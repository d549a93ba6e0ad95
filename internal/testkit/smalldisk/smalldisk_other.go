//go:build !linux

package smalldisk

import "testing"

// Run skips the test: only Linux lets anybody mount.
func Run(t *testing.T, _ string, _ func(t *testing.T, dir string)) {
	t.Helper()
	t.Skip("a small disk needs Linux")
}
