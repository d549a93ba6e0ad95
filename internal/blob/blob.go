// Package blob is the contract for storing the bytes of photos. Implementations are in
// sub-packages (disk, s3), and all pass the tests in blobtest. A blob store uses owners only as
// names of folders, and knows nothing about photos: the metadata store knows which key
// belongs to which photo.
package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"photos/internal/photo"
)

// Errors that callers distinguish with errors.Is.
var (
	ErrNotFound = errors.New("no such blob")
	ErrBusy     = errors.New("the staged upload is in use")
	ErrFull     = errors.New("no space left for blobs")
	ErrReadOnly = errors.New("the blob store is read-only")
)

// Store stores blobs, each with a random key that is never used twice. All methods are safe
// for concurrent use. A Staging makes blobs.
type Store interface {
	// Open opens a blob of an owner, or returns ErrNotFound.
	Open(ctx context.Context, owner, key string) (Reader, error)

	// Size returns the length of a blob as it is stored, or ErrNotFound.
	Size(ctx context.Context, owner, key string) (int64, error)

	// Delete removes a blob. It returns nil if there is none.
	Delete(ctx context.Context, owner, key string) error

	// EachBlob calls f for every blob, with the time of its commit, in no particular
	// order. It stops at the first error of f and returns it.
	EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error
}

// Staging receives bytes before they become a blob. All methods are safe for concurrent use,
// also by several processes. The caller names a staged upload. After a crash it has at least
// the length that was last synced. When a method that promises durability returns nil, a
// power cut loses nothing.
//
// Methods that write return ErrFull when there is no space left, and ErrReadOnly when the
// store cannot be written to. Other methods still work then. Writing works again after the
// cause was removed.
type Staging interface {
	// Create begins the staged upload name of an owner. Names have letters, digits and
	// dashes. It fails if name exists.
	Create(ctx context.Context, owner, name string) (Staged, error)

	// Whole begins an upload of length bytes that all come through the handle it returns.
	// It has no name, and nothing is durable before its commit. Close without a commit
	// removes it. digest is what the client announced, or zero: a store may refuse other
	// bytes early.
	Whole(ctx context.Context, owner string, length int64, digest photo.ID) (Staged, error)

	// Resume opens the staged upload name for appending at its present length. It returns
	// ErrNotFound if there is none, and ErrBusy while another handle is open, in this or
	// another running process. With a state of Staged.DigestState it does not read the
	// bytes that the state covers.
	Resume(ctx context.Context, owner, name string, state []byte) (Staged, error)

	// StagedSize returns the length of the staged upload name, or ErrNotFound.
	StagedSize(ctx context.Context, name string) (int64, error)

	// Discard removes the staged upload name. It returns nil if there is none. An open
	// handle can commit nothing afterwards.
	Discard(ctx context.Context, name string) error

	// EachStaged calls f for every staged upload, with the time of its last write, in no
	// particular order. It stops at the first error of f and returns it.
	EachStaged(ctx context.Context, f func(name string, modified time.Time) error) error
}

// Staged is the only handle of a staged upload. One goroutine at a time may use it.
type Staged interface {
	// Write appends. If it writes less than all, it returns an error.
	io.Writer

	// ReadAt reads what was written, synced or not, to examine a picture before the
	// commit. A store may accept no more bytes after a read that is neither of the first
	// bytes, as long as they are the last ones as well, nor of the last ones.
	io.ReaderAt

	// Size returns the number of staged bytes.
	Size() int64

	// Sync makes everything written so far durable.
	Sync() error

	// Digest returns the SHA-256 of all Size bytes. It reads only those bytes that were
	// neither written by this handle nor covered by the state given to Resume.
	Digest() (photo.ID, error)

	// DigestState returns the state with which Resume continues the digest, or nil if
	// there is none. Keep it only after a Sync.
	DigestState() []byte

	// Commit syncs the bytes, makes a blob of the owner from them, and makes its name
	// durable. The handle accepts no more bytes. With keep the staged upload stays until
	// Discard, and it is still in use: a caller that does not want the blob after all can
	// delete it and loses nothing. Without keep the staged upload is gone, which is
	// cheaper. It is also gone if the file system cannot give a file two names.
	Commit(ctx context.Context, keep bool) (key string, err error)

	// Close ends the handle. The staged upload stays, for Resume, with at least the bytes
	// of the last Sync. A second call does nothing.
	Close() error
}

// Reader reads a blob.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64
}
