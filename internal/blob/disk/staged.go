package disk

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
)

// readBuffer is how much Digest reads at a time.
const readBuffer = 1 << 20

// staged is a handle of an upload under way.
type staged struct {
	store       *Store
	owner, name string

	mu     sync.Mutex
	f      *os.File // locked, so that no other process has it
	size   int64
	hash   hash.Hash // of the first hashed bytes
	hashed int64
	named  bool  // the folder was synced since the file was made
	err    error // why the handle is of no more use: a failed sync, committed, closed
}

// Errors of a handle that is of no more use.
var (
	errCommitted = errors.New("the upload is committed")
	errClosed    = fmt.Errorf("the upload's handle is closed: %w", fs.ErrClosed)
)

// Create implements blob.Staging.
func (s *Store) Create(_ context.Context, owner, name string) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, fmt.Errorf("create upload: %.40q of owner %.40q is not a name", name, owner)
	}
	h, err := s.hold(owner, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, fmt.Errorf("create upload: %w", refused(err))
	}
	return h, nil
}

// Resume implements blob.Staging.
func (s *Store) Resume(_ context.Context, owner, name string, state []byte) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, fmt.Errorf("resume upload %.40q of owner %.40q: %w", name, owner, blob.ErrNotFound)
	}
	h, err := s.hold(owner, name, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("resume upload: %w", refused(missing(err)))
	}
	h.resumeDigest(state)
	return h, nil
}

// hold opens a staged upload, unless there is a handle of it. The lock keeps other
// processes out, and ends with this one. Where a file system has no locks, the map
// still keeps handles of this process apart.
func (s *Store) hold(owner, name string, flag int) (*staged, error) {
	if !s.reserve(name) {
		return nil, blob.ErrBusy
	}
	h := &staged{store: s, owner: owner, name: name, hash: sha256.New()}
	f, err := s.root.OpenFile(uploadsDir+"/"+name, flag, 0o600)
	if err != nil {
		return nil, h.end(err)
	}
	h.f = f
	if err := lockFile(f); err != nil {
		return nil, h.end(err)
	}
	if h.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, h.end(err)
	}
	return h, nil
}

// reserve reports whether name had no handle in this process, and notes one.
func (s *Store) reserve(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] {
		return false
	}
	s.open[name] = true
	return true
}

func (s *Store) release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, name)
}

// end makes the handle useless for the reason err, and closes the file. A handle
// that has a reason already keeps it. Its caller has h.mu.
func (h *staged) end(err error) error {
	if h.err == nil {
		h.err = err
	}
	if h.name == "" {
		return h.err
	}
	if h.f != nil {
		h.f.Close() // nothing is lost: what counts was synced
		h.f = nil
	}
	h.store.release(h.name)
	h.name = ""
	return h.err
}

// StagedSize implements blob.Staging.
func (s *Store) StagedSize(_ context.Context, name string) (int64, error) {
	if !isPlainName(name) {
		return 0, fmt.Errorf("upload %.40q: %w", name, blob.ErrNotFound)
	}
	return s.size(uploadsDir + "/" + name)
}

// Discard implements blob.Staging.
func (s *Store) Discard(_ context.Context, name string) error {
	if !isPlainName(name) {
		return nil
	}
	if err := s.root.Remove(uploadsDir + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard upload: %w", err)
	}
	return nil
}

// Write implements blob.Staged. The digest follows as long as every byte from
// the first went through this handle.
func (h *staged) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.f.Write(p) // not WriteAt, which forgets what it wrote before the disk was full
	if h.hashed == h.size {
		h.hash.Write(p[:n])
		h.hashed += int64(n)
	}
	h.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write upload: %w", refused(err))
	}
	return n, nil
}

// ReadAt implements blob.Staged.
func (h *staged) ReadAt(p []byte, off int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return 0, h.err
	}
	return h.f.ReadAt(p, off)
}

// Size implements blob.Staged.
func (h *staged) Size() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size
}

// Sync implements blob.Staged.
func (h *staged) Sync() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.sync(); err != nil {
		return err
	}
	if !h.named {
		if err := h.store.uploads.sync(); err != nil {
			return fmt.Errorf("sync uploads: %w", err)
		}
		h.named = true
	}
	return nil
}

// sync syncs the file. After a failure the system may have dropped what it could
// not write and call the next sync a success, so there is none by this handle.
func (h *staged) sync() error {
	if h.err != nil {
		return h.err
	}
	if err := h.f.Sync(); err != nil {
		return h.end(fmt.Errorf("sync upload: %w", refused(err)))
	}
	return nil
}

// Digest implements blob.Staged.
func (h *staged) Digest() (photo.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return photo.ID{}, h.err
	}
	if err := h.hashRest(); err != nil {
		return photo.ID{}, fmt.Errorf("digest upload: %w", err)
	}
	return photo.ID(h.hash.Sum(nil)), nil
}

// hashRest reads what did not go through this handle.
func (h *staged) hashRest() error {
	if h.hashed == h.size {
		return nil
	}
	rest := io.NewSectionReader(h.f, h.hashed, h.size-h.hashed)
	n, err := io.CopyBuffer(h.hash, rest, make([]byte, min(rest.Size(), readBuffer)))
	h.hashed += n
	if err == nil && h.hashed != h.size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// stateHead is the length of what a digest's state begins with: the number of bytes it covers.
const stateHead = 8

// DigestState implements blob.Staged.
func (h *staged) DigestState() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	m, ok := h.hash.(encoding.BinaryAppender)
	if !ok || h.hashed == 0 {
		return nil
	}
	state, err := m.AppendBinary(binary.BigEndian.AppendUint64(nil, uint64(h.hashed)))
	if err != nil {
		return nil
	}
	return state
}

// resumeDigest goes on with a digest. A state that another version of the program
// made, or that covers more than is here, is not used: Digest then reads the file.
func (h *staged) resumeDigest(state []byte) {
	if len(state) <= stateHead {
		return
	}
	covered := binary.BigEndian.Uint64(state)
	resumed := sha256.New()
	m, ok := resumed.(encoding.BinaryUnmarshaler)
	if !ok || covered > uint64(h.size) || m.UnmarshalBinary(state[stateHead:]) != nil {
		return
	}
	h.hash, h.hashed = resumed, int64(covered)
}

// Commit implements blob.Staged.
func (h *staged) Commit(_ context.Context, keep bool) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return "", h.err
	}
	now := time.Now() // EachBlob tells when blobs were committed; the last write may be days old
	if err := h.store.root.Chtimes(uploadsDir+"/"+h.name, now, now); err != nil {
		return "", fmt.Errorf("commit upload: %w", refused(missing(err)))
	}
	if err := h.sync(); err != nil {
		return "", err
	}
	key, err := h.link(keep)
	if err != nil {
		return "", fmt.Errorf("commit upload: %w", err)
	}
	return key, nil
}

// link gives the synced file its name as a blob and makes that durable.
func (h *staged) link(keep bool) (string, error) {
	key, shard, err := h.store.newBlob(h.owner)
	if err != nil {
		return "", err
	}
	from, to := uploadsDir+"/"+h.name, shard.path+"/"+key
	if keep {
		err = h.store.root.Link(from, to)
	}
	if !keep || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) { // FAT, some network file systems
		_ = h.end(errCommitted) // Windows renames no open file
		err = h.store.root.Rename(from, to)
	}
	if err != nil {
		return "", refused(missing(err))
	}
	h.err = errCommitted
	if err := shard.sync(); err != nil {
		return "", err
	}
	return key, nil
}

// Close implements blob.Staged.
func (h *staged) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.end(errClosed)
	return nil
}
