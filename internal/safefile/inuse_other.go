//go:build !windows

package safefile

// WhileInUse calls do. A file that another process uses can be replaced and removed on this system.
func WhileInUse(do func() error) error { return do() }
