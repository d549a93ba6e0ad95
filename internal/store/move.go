package store

import (
	"context"
	"time"
)

// MoveState says how far a move of all photos from one database to another one has come.
type MoveState string

// The states of a move. The first is that of every database that was never part of one.
const (
	Unmoved  MoveState = ""
	Frozen   MoveState = "frozen"   // of the source: its last changes are copied, and others are refused for a short time
	Leaving  MoveState = "leaving"  // of the source: the other database may be complete, so this one takes no changes any more
	Moved    MoveState = "moved"    // of the source: the other database is complete
	Arriving MoveState = "arriving" // of the target: it is not complete
	Arrived  MoveState = "arrived"  // of the target: it is complete
)

// Move is the part of a database in a move.
type Move struct {
	State MoveState
	Other string // what messages call the other database
}

// MoveSource is a database from which all photos move. While it is Frozen, Leaving or Moved, all
// other methods that change something fail with photo.KindUnavailable.
type MoveSource interface {
	// Move returns the state.
	Move(ctx context.Context) (Move, error)
	// SetMove sets the state. Frozen ends by itself after the time lease.
	SetMove(ctx context.Context, m Move, lease time.Duration) error
	// StoredBlobs returns at most limit photos whose numbers are above after, with the keys of their
	// renditions.
	StoredBlobs(ctx context.Context, after int64, limit int) ([]StoredBlob, error)
}

// StoredBlob is a photo whose bytes are to be moved.
type StoredBlob struct {
	Stored
	Rendition string // the key of its small pictures, or ""
}

// MoveTarget is a database to which all photos move.
type MoveTarget interface {
	// Move returns the state.
	Move(ctx context.Context) (Move, error)
	// SetMove sets the state.
	SetMove(ctx context.Context, m Move, lease time.Duration) error
	// Fresh reports whether there is no account yet.
	Fresh(ctx context.Context) (bool, error)
	// MovedBlobs returns the new keys of those of the keys whose bytes were copied.
	MovedBlobs(ctx context.Context, keys []string) (map[string]string, error)
	// NoteMovedBlob records that the bytes of an owner under the key from were copied to the key to.
	NoteMovedBlob(ctx context.Context, owner, from, to string) error
}
