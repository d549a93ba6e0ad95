//go:build !linux

package thumb

import (
	"io"
	"os"
)

const descriptor = ""

// openFile returns nil: programs here get a copy of every file.
func openFile(*io.SectionReader) *os.File { return nil }
