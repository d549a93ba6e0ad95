package main

import (
	"context"

	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
)

// progress shows how far an upload or a download is. It implements transfer.Progress.
type progress struct{ *term.Progress }

// newProgress begins to show progress. Stop ends it.
func newProgress(ctx context.Context, e *env) progress {
	return progress{term.NewProgress(ctx, e.Console, e.set.Quiet, "photos", photo.MaxWhole)}
}

// Done ends an item. The bytes of a photo that did not have to be sent count as moved, so
// that the total is reached.
func (p progress) Done(r transfer.Record) {
	isPhoto := !r.ID.IsZero()
	if isPhoto && r.Attempts == 0 {
		p.Moved("", r.Bytes)
	}
	p.Finish(r.Path, isPhoto)
}
