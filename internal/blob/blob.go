// Package blob is the contract for keeping photos' bytes. Implementations live
// in sub-packages (disk) and all pass the suite in blobtest. A blob store knows
// owners only as folder names, and photos not at all: which key belongs to which
// photo is the metadata store's business.
package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"photos/internal/photo"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("no such blob")
	ErrBusy     = errors.New("another handle has the staged upload")
	ErrFull     = errors.New("no space left for blobs")
	ErrReadOnly = errors.New("blobs can be read only")
)

// Store keeps blobs, each under a random key that is never used twice. All methods
// are safe for concurrent use. Blobs come from a Staging.
type Store interface {
	// Open reads the blob of an owner, or returns ErrNotFound.
	Open(ctx context.Context, owner, key string) (Reader, error)

	// Size is the length of a blob as it lies in the store, or ErrNotFound.
	Size(ctx context.Context, owner, key string) (int64, error)

	// Delete removes a blob; it is no error when there is none.
	Delete(ctx context.Context, owner, key string) error

	// EachBlob calls f for every blob with the time it was committed, in no
	// particular order; an error of f ends the walk and is returned.
	EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error
}

// Staging is where bytes arrive before they are a blob. All methods are safe for
// concurrent use, also by several processes. A staged upload is named by the caller
// and survives a crash at the length that was last synced. When a method that
// promises durability returns nil, a power cut loses nothing of it.
//
// Methods that write return ErrFull when there is no space left, and ErrReadOnly
// when the store may not be written: others still work then, and these too once
// that is mended.
type Staging interface {
	// Create begins the staged upload name (letters, digits and dashes) of an
	// owner. It fails when name exists.
	Create(ctx context.Context, owner, name string) (Staged, error)

	// Resume opens the staged upload name for appending at its present length,
	// whatever a row somewhere claims. It returns ErrNotFound when there is none, and
	// ErrBusy while another handle is open, in this process or in one that lives.
	// With a state of Staged.DigestState nothing is read that the state covers.
	Resume(ctx context.Context, owner, name string, state []byte) (Staged, error)

	// StagedSize is the length of the staged upload name, or ErrNotFound.
	StagedSize(ctx context.Context, name string) (int64, error)

	// Discard removes the staged upload name; it is no error when there is none. A
	// handle that is open can commit nothing afterwards.
	Discard(ctx context.Context, name string) error

	// EachStaged calls f for every staged upload with the time of its last write, in
	// no particular order; an error of f ends the walk and is returned.
	EachStaged(ctx context.Context, f func(name string, modified time.Time) error) error
}

// Staged is the one handle of a staged upload. It is used by one goroutine at a time.
type Staged interface {
	// Write appends. A short write has err != nil.
	io.Writer

	// ReadAt reads what was written, synced or not, to look into a picture
	// before it is committed.
	io.ReaderAt

	// Size is the number of bytes staged.
	Size() int64

	// Sync makes everything written so far durable.
	Sync() error

	// Digest is the SHA-256 of all Size bytes. It costs nothing when all of them
	// went through this handle or are covered by the state given to Resume, and one
	// read of the rest otherwise.
	Digest() (photo.ID, error)

	// DigestState is what Resume needs to go on with the digest; nil when there is
	// nothing to go on with. It is worth keeping after a Sync only.
	DigestState() []byte

	// Commit syncs the bytes, makes a blob of the owner of them, and makes its name
	// durable. The handle takes no more bytes. With keep the staged upload stays until
	// Discard, and the handle still keeps others out, so that whoever finds out that the
	// blob is not wanted can delete it and lose nothing. Without keep the staged upload
	// is gone, which costs less. (It is also gone where a file system cannot give a file
	// two names.)
	Commit(ctx context.Context, keep bool) (key string, err error)

	// Close ends the handle; the staged upload stays for Resume. Closing it twice is
	// harmless.
	Close() error
}

// Reader reads one blob.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64
}
