package store

import (
	"context"
	"errors"
	"time"
)

// StagedRows remembers staged uploads for a blob store that cannot append to an object and
// must not trust its own listings. Store does not have it: only such a blob store uses it.
//
// One holder at a time may save a staged upload. A holder is a random name. It holds until
// it releases the upload or its lease runs out. Errors: photo.KindNotFound if there is no
// staged upload of the name, ErrHeld while another holder has it, photo.KindConflict if the
// caller is no longer the holder.
type StagedRows interface {
	// CreateStaged adds a staged upload that holder holds. The error is of
	// photo.KindConflict if there is one of the name.
	CreateStaged(ctx context.Context, s Staged, holder string, lease time.Duration) error

	// HoldStaged makes holder the holder, and returns the staged upload with its parts.
	HoldStaged(ctx context.Context, name, holder string, lease time.Duration) (Staged, error)

	// SaveStaged replaces what is known of the staged upload, and adds the part that add
	// points to, in one transaction. It renews the lease.
	SaveStaged(ctx context.Context, s Staged, add *StagedPart, holder string, lease time.Duration) error

	// KeepStaged renews the lease.
	KeepStaged(ctx context.Context, name, holder string, lease time.Duration) error

	// ReleaseStaged ends the lease. It does nothing when another is the holder.
	ReleaseStaged(ctx context.Context, name, holder string) error

	// Staged returns a staged upload without its parts.
	Staged(ctx context.Context, name string) (Staged, error)

	// EndStaged takes the staged upload from its holder and gives it to no other. It
	// returns it without its parts. DeleteStaged follows.
	EndStaged(ctx context.Context, name string) (Staged, error)

	// DeleteStaged forgets a staged upload and its parts.
	DeleteStaged(ctx context.Context, name string) error

	// StagedAfter returns at most limit staged uploads, without their parts, in the order
	// of their names, from the first name after the given one.
	StagedAfter(ctx context.Context, name string, limit int) ([]Staged, error)

	// StagedWithKey reports whether a staged upload has the key.
	StagedWithKey(ctx context.Context, key string) (bool, error)
}

// ErrHeld is the refusal of HoldStaged while another holder's lease is valid.
var ErrHeld = errors.New("the staged upload has another holder")

// Staged is what a blob store remembers of a staged upload.
type Staged struct {
	Name, Owner string
	Key         string // of the blob that the bytes become; empty until it is chosen
	Multipart   string // the store's name of the multipart upload; empty: there is none
	Claimed     int32  // the last part number that was claimed
	Size        int64  // bytes in the parts and the tail
	Tail        string // the object with the bytes after the parts; empty: there is none
	TailSize    int64
	Tails       bool   // there were tails, so some may be left over
	Digest      []byte // state of the digest of all Size bytes
	State       StagedState
	Modified    time.Time // set by the store

	Parts []StagedPart // in the order of their numbers
}

// StagedState says how far a staged upload is on its way to a blob.
type StagedState int

// The states of a staged upload.
const (
	StagedOpen      StagedState = iota // bytes may be added
	StagedAssembled                    // the object Key has all bytes
	StagedCommitted                    // and its key was given to the caller
)

// StagedPart is a part of a multipart upload that the store has acknowledged.
type StagedPart struct {
	Number   int32
	ETag     string
	Checksum string
	Size     int64
}
