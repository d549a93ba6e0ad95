//go:build !unix

package transfer

import "io/fs"

// ownFile reports whether a file is a regular one. Who owns it is not known here.
func ownFile(info fs.FileInfo) bool { return info.Mode().IsRegular() }
