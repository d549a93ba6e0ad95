package photo

import "time"

// MaxRevisions is how many earlier descriptions of a photo are kept. The last one
// that a human wrote is kept in any case.
const MaxRevisions = 20

// Revision is a description that a photo has or had.
type Revision struct {
	Number  int64     // grows with each new text of the photo
	Text    string    // empty when the photo had no description
	Source  Source    // empty when Text is
	SetAt   time.Time // when the text was set, UTC
	Current bool      // the photo has this text now
	Undo    bool      // an undo goes back to this text
}

// History is everything that is kept of a photo's descriptions.
type History struct {
	Photo     Photo
	Revisions []Revision // the current one, then the others, newest first
}

// Human reports whether a human wrote the descriptions that come from s. Those of
// sidecars and pictures were written for something else, often by a program.
func (s Source) Human() bool { return s == FromFlag || s == FromStdin || s == FromWeb }
