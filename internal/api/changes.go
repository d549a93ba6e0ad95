package api

import "photos/internal/photo"

// Limits of GET /v1/changes.
const (
	MaxChanges     = 5000
	MaxChangesWait = 60 // seconds

	// AfterLatest is the cursor after all changes.
	AfterLatest = "latest"
)

// Changes is the answer of GET /v1/changes, in the order in which the changes were made.
type Changes struct {
	Changes []Change `json:"changes"`
	Cursor  string   `json:"cursor"` // for the next request
	More    bool     `json:"more"`   // the next request need not wait
}

// Change is a photo as it is after its latest change, or that it was deleted.
type Change struct {
	ID        photo.ID `json:"id"`
	Photo     *Photo   `json:"photo,omitempty"` // absent when it was deleted
	DeletedAt Time     `json:"deleted_at,omitzero"`
}

// FromChanges returns the form of c on the wire.
func FromChanges(c photo.Changes) Changes {
	w := Changes{Changes: make([]Change, len(c.Changes)), Cursor: c.Cursor, More: c.More}
	for i, one := range c.Changes {
		w.Changes[i] = Change{ID: one.ID, DeletedAt: Time{one.DeletedAt}}
		if one.Photo != nil {
			w.Changes[i].Photo = new(FromPhoto(*one.Photo))
		}
	}
	return w
}
