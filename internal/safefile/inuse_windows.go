package safefile

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// WhileInUse calls do again, for at most two seconds, as long as its error says that another process uses the
// file. Windows neither replaces nor removes a file that somebody reads, such as a virus scanner that looks at every
// new file. For some such errors, it says only that access is denied.
func WhileInUse(do func() error) error {
	const wait, tries = 10 * time.Millisecond, 200
	var err error
	for range tries {
		err = do()
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err
		}
		time.Sleep(wait)
	}
	return err
}
