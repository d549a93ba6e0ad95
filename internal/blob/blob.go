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
	ErrFull     = errors.New("no space left for blobs")
	ErrReadOnly = errors.New("blobs can be read only")
)

// Store keeps bytes durably. All methods are safe for concurrent use.
//
// Bytes arrive in a staged upload, named by the caller, which survives a crash at
// the length that was last synced. Committing turns a staged upload into a blob
// under a fresh random key that is never reused or overwritten. When a method
// that promises durability returns nil, a power cut loses nothing of it.
//
// Methods that write return ErrFull when there is no space left, and ErrReadOnly
// when the store may not be written: others still work then, and these too once
// that is mended.
type Store interface {
	// Create begins the staged upload name (letters, digits and dashes). It
	// fails when name exists.
	Create(ctx context.Context, name string) (Staged, error)

	// Resume opens the staged upload name for appending at its present length,
	// whatever a row somewhere claims. It returns ErrNotFound when there is none.
	Resume(ctx context.Context, name string) (Staged, error)

	// StagedSize is the length of the staged upload name, or ErrNotFound.
	StagedSize(ctx context.Context, name string) (int64, error)

	// Discard removes the staged upload name; it is no error when there is none.
	Discard(ctx context.Context, name string) error

	// Open reads the blob of an owner, or returns ErrNotFound.
	Open(ctx context.Context, owner, key string) (Reader, error)

	// Size is the length of a blob as it lies in the store, or ErrNotFound.
	Size(ctx context.Context, owner, key string) (int64, error)

	// Delete removes a blob; it is no error when there is none.
	Delete(ctx context.Context, owner, key string) error

	// EachStaged calls f for every staged upload with the time of its last
	// write, and EachBlob for every blob with the time it was committed, in no
	// particular order; an error of f ends the walk and is returned.
	EachStaged(ctx context.Context, f func(name string, modified time.Time) error) error
	EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error
}

// Staged is an upload under way. It is used by one goroutine at a time.
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

	// Digest is the SHA-256 of all Size bytes. It costs nothing when all of
	// them went through this handle, and one read of the rest otherwise.
	Digest() (photo.ID, error)

	// Commit syncs, puts the bytes into place as a blob of owner and makes the
	// name durable. The staged upload is gone then and the handle closed.
	Commit(ctx context.Context, owner string) (key string, err error)

	// Close lets go of the handle; the staged upload stays for Resume.
	// Closing twice, or after Commit, is harmless.
	Close() error
}

// Reader reads one blob.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64
}
