//go:build unix

package main

import "golang.org/x/sys/unix"

// mayUse returns an error if this user may not read and write a file or folder.
func mayUse(path string) error { return unix.Access(path, unix.R_OK|unix.W_OK) }
