// Package transfer moves photos between this machine and the service. An upload is a
// pipeline of stages that run at the same time and hold a limited number of items each:
//
//	scan → digest → check (in batches) → send → record
//
// The package knows nothing about flags, colours or exit codes. The caller gives it items
// and gets one record per item.
package transfer

import (
	"context"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

// Service is what an upload needs of the photo service. *client.Client implements it.
type Service interface {
	Check(ctx context.Context, ids []photo.ID) ([]photo.Status, error)
	Upload(ctx context.Context, u client.Upload) (client.Uploaded, error)
	Describe(ctx context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error)
	Restore(ctx context.Context, id photo.ID) (photo.Photo, error)
}

// Item is one file to upload.
type Item struct {
	Path        string  // as the user gave it; its bytes are there, unless Spool or Content is set
	Spool       string  // a temporary file with the bytes of a photo that came through a pipe
	Content     Content // the bytes of an entry of an archive; nil for other items
	Name        string  // the photo's name at the service; empty: the last element of Path
	Named       bool    // the user named this very file, so it is a failure if it is not a picture
	Description string  // empty: what Options.Sidecars finds
	Source      photo.Source
	Caption     photo.Caption // how a caption inside the picture ranks against Description
	Root        string        // the folder that is uploaded; empty if the file itself was named
	Folder      string        // below the folder that is uploaded, as photo.CleanFolder has it
	Tags        []string      // normalized
	Facts       photo.Facts   // what is known from outside the picture; set by Upload
	Index       int           // the caller's number for the item, which comes back in its record
	Err         error         // why the scan could not read it; the item fails with it
}

// Record is the result of one item. Records are made in the order of completion.
type Record struct {
	Item                     // as it was given, with the description that was found for it
	ID              photo.ID // zero when the bytes were not read to the end
	Outcome         photo.Outcome
	Bytes           int64 // the file's size, 0 when unknown
	Attempts        int   // requests that carried its bytes
	Seconds         float64
	DescriptionKept bool   // the photo already had another description, which stays
	HasDescription  bool   // the service has a description of the photo, as far as the run knows
	SidecarErr      error  // why a sidecar could not be read or written; photo.KindConflict: somebody else changed it
	Reason          string // why it was skipped, or which item of this run has the same bytes
	Removal         string // what became of the local file: "deleted" or "moved"; empty: it is where it was
	MovedTo         string // where it is then
	Err             error  // set when Outcome is failed
}

// Summary counts the records of a run. The outcomes add up to Total.
type Summary struct {
	Total    int
	Outcomes map[photo.Outcome]int
	Bytes    int64 // of the photos that were uploaded, downloaded or copied
}

// Add counts one record.
func (s *Summary) Add(r Record) {
	s.Total++
	if s.Outcomes == nil {
		s.Outcomes = map[photo.Outcome]int{}
	}
	s.Outcomes[r.Outcome]++
	switch r.Outcome {
	case photo.OutcomeUploaded, OutcomeDownloaded, OutcomeCopied:
		s.Bytes += r.Bytes
	}
}

// Progress is told how far a run is. It must be safe for concurrent use.
type Progress interface {
	Found(path string, bytes int64)   // an item's size is known
	Sending(path string, bytes int64) // the transfer of its bytes begins
	Moved(path string, n int64)       // n bytes were transferred; negative: they must be transferred again
	Done(r Record)                    // an item is finished
}

// noProgress shows nothing.
type noProgress struct{}

func (noProgress) Found(string, int64)   {}
func (noProgress) Sending(string, int64) {}
func (noProgress) Moved(string, int64)   {}
func (noProgress) Done(Record)           {}
