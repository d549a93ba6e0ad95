//go:build !unix

package main

// mayUse does not find out whether this user may read and write a file or folder.
func mayUse(string) error { return nil }
