package photo

import "time"

// MaxRevisions is how many earlier descriptions of a photo are kept. The last description
// that a human wrote is always kept.
const MaxRevisions = 20

// Revision is a description that a photo has or had.
type Revision struct {
	Number  int64     // grows with each new text
	Text    string    // empty when the photo had no description
	Source  Source    // empty when Text is
	SetAt   time.Time // when the text was set, UTC
	Current bool      // the photo has this text now
	Undo    bool      // an undo restores this text
}

// History is the descriptions of a photo that are kept.
type History struct {
	Photo     Photo
	Revisions []Revision // the current one, then the others, newest first
}

// HumanSources returns the sources of descriptions that a human wrote. Programs often write those
// in sidecars and pictures.
func HumanSources() [3]Source { return [...]Source{FromFlag, FromStdin, FromWeb} }
