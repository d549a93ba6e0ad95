// Package transfer is the engine that moves photos between a machine and the
// service. Uploading is one pipeline whose stages run at the same time and hold
// a bounded number of items each:
//
//	scan → digest → check (in batches) → send → record
//
// It decides nothing about flags, colours or exit codes: a caller gives it
// items and is told of each what became of it.
package transfer

import (
	"context"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// Service is what uploading needs of the photo service; *client.Client is one.
type Service interface {
	Check(ctx context.Context, ids []photo.ID) ([]photo.Status, error)
	Upload(ctx context.Context, u client.Upload) (client.Uploaded, error)
	Describe(ctx context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error)
	Restore(ctx context.Context, id photo.ID) (photo.Photo, error)
}

// Item is one file to upload.
type Item struct {
	Path        string // as the person knows it, and where its bytes are
	Spool       string // where its bytes are instead, for a photo that came down a pipe
	Name        string // what the service calls it; empty: the last element of Path
	Named       bool   // the person named this very file, so that being no picture is a failure
	Description string // empty: what Options.Sidecars finds
	Source      photo.Source
	Caption     photo.Caption // what a caption inside it is worth, beside Description
	Facts       photo.Facts   // date and position outside the picture; filled in by Upload
	Err         error         // what kept the scan from getting at it; the item fails with it
}

// Record is what became of one item. Records are made in the order of completion.
type Record struct {
	Item                     // as it was given, with the description that was found for it
	ID              photo.ID // zero when the bytes were never read to the end
	Outcome         photo.Outcome
	Bytes           int64 // the file's size, 0 when unknown
	Attempts        int   // requests that carried its bytes
	Seconds         float64
	DescriptionKept bool   // the photo was there with another description, which stays
	SidecarErr      error  // what kept a sidecar from being read or written; photo.KindConflict: it is somebody else's
	Reason          string // why it was skipped
	Err             error  // set when Outcome is failed
}

// Summary counts a run. The outcomes add up to Total.
type Summary struct {
	Total    int
	Outcomes map[photo.Outcome]int
	Bytes    int64 // of the photos that were moved
}

// Add counts one record.
func (s *Summary) Add(r Record) {
	s.Total++
	if s.Outcomes == nil {
		s.Outcomes = map[photo.Outcome]int{}
	}
	s.Outcomes[r.Outcome]++
	if r.Outcome == photo.OutcomeUploaded || r.Outcome == OutcomeDownloaded {
		s.Bytes += r.Bytes
	}
}

// Progress is told how a run goes on, from several goroutines.
type Progress interface {
	Found(path string, bytes int64)   // an item's size is known
	Sending(path string, bytes int64) // its bytes begin to go out
	Moved(path string, n int64)       // n of them went out; negative: they have to go again
	Done(r Record)                    // an item is finished
}

// noProgress is the Progress of a caller that does not look.
type noProgress struct{}

func (noProgress) Found(string, int64)   {}
func (noProgress) Sending(string, int64) {}
func (noProgress) Moved(string, int64)   {}
func (noProgress) Done(Record)           {}
