//go:build !unix

package term

import "os"

// waitForReader waits without end where the system does not tell whether a pipe has a reader.
func waitForReader(*os.File) { select {} }
