package term

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// enableSequences makes a console read escape sequences, which it shows as they are otherwise, and reports whether it
// does. Consoles before Windows 10 do not.
func enableSequences(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// isClosedPipe reports whether an error of a write says that nobody reads the pipe any more.
func isClosedPipe(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_BROKEN_PIPE)
}
