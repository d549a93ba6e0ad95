package photo

import "time"

// Change is what became of a photo: it is as Photo says, or it was deleted.
type Change struct {
	ID        ID
	Photo     *Photo    // nil: it was deleted
	DeletedAt time.Time // zero for a photo that is not deleted
}

// Changes are changes in the order in which they were made. A photo is there once, at its latest
// change.
type Changes struct {
	Changes []Change
	Cursor  string // what comes next is after it
	More    bool   // there are more changes already
}
