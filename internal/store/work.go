package store

import (
	"context"
	"time"

	"photos/internal/photo"
)

// Background is the part of a Store for work that is done on photos after their upload:
// small pictures (renditions) are made, and what an older reader of metadata has recorded
// is read again. Add and FinishUpload queue each new photo in their own transaction.
type Background interface {
	// ClaimWork takes the newest photo on which work is due. Nobody else gets it before
	// lease is over, so work that is lost with its process is done again. The bool is
	// false if there is none.
	ClaimWork(ctx context.Context, lease time.Duration) (Work, bool, error)

	// FinishWork ends a claim: the work is done. It changes nothing if the photo was
	// claimed again meanwhile.
	FinishWork(ctx context.Context, w Work) error

	// ReleaseWork ends a claim without the work being done. It is due again after delay,
	// and the claim does not count as an attempt.
	ReleaseWork(ctx context.Context, w Work, delay time.Duration) error

	// QueueOutdated looks at up to limit more photos, and queues those that a program
	// older than v looked at. It returns whether there are more. It begins with the oldest
	// photo, and again whenever v is newer, or its decoders are others, than at the last
	// time. Processes share how far it has come. For an older v there is nothing to do.
	QueueOutdated(ctx context.Context, v Versions, limit int) (more bool, err error)

	// Locate returns a live photo and where its bytes and its renditions are.
	Locate(ctx context.Context, owner string, id photo.ID) (Located, error)

	// Looks returns the digest of every live photo that has one, and how many live photos
	// are still in the queue.
	Looks(ctx context.Context, owner string) (looks []Looked, pending int, err error)

	// Numbered returns the live photos among the rows of these numbers, in no order.
	Numbered(ctx context.Context, owner string, numbers []int64) (map[int64]photo.Photo, error)

	// SetRendition records the renditions of a photo, live or trashed. It returns the key
	// of the blob that no row names any more, for the caller to delete: the one that was
	// replaced, or r.Key itself if the row no longer names r.Replaces.
	SetRendition(ctx context.Context, owner string, id photo.ID, r Rendered) (drop string, err error)

	// Reread records what a reader of version p.Reader found in the bytes of the photo
	// p.ID, unless the row has that from this version or a newer one. Of the date, the
	// position and the description it replaces only what came from the picture itself or
	// from a worse source; p.Description is the caption inside the picture. Only a change
	// of one of these makes a new version of the photo.
	Reread(ctx context.Context, owner string, p photo.Photo) error
}

// Versions are those of the parts of a program that look at photos.
type Versions struct {
	Reader   int    // of metadata
	Maker    int    // of renditions
	Decoders string // the programs that decode, at most 255 bytes
}

// Located is a photo with the places of what belongs to it.
type Located struct {
	Owner     string
	Photo     photo.Photo
	Key       string // of the bytes
	Rendition string // of the renditions, or ""
	Maker     int    // version of the maker of the renditions
	NoDecoder bool   // there are no renditions, as the maker had no decoder for the format
}

// Work is a claimed photo.
type Work struct {
	Located
	Number   int64 // of the row
	Attempts int   // how often it was claimed and neither finished nor released
}

// Rendered is what a maker of renditions did. Without a Key there are none.
type Rendered struct {
	Key       string // of the blob that has the renditions
	Maker     int    // version of the maker
	NoDecoder bool   // there is no decoder for the format
	Color     photo.Color
	Digest    photo.Digest
	Replaces  string // Located.Rendition as the caller saw it
}

// Looked is the perceptual digest of a live photo.
type Looked struct {
	Number int64 // of the row
	Digest photo.Digest
}
