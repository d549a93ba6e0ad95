package disk

import (
	"context"
	"crypto/rand"
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

// staged is the handle of a staged upload.
type staged struct {
	store       *Store
	owner, name string

	mu     sync.Mutex
	f      *os.File // locked, so that no other process opens it
	size   int64
	hash   hash.Hash // of the first hashed bytes
	hashed int64
	old    bool  // the upload was begun by an earlier handle
	named  bool  // the folder was synced after the file was created
	err    error // why the handle can no longer be used: a failed sync, the commit, or Close
}

// Errors of a handle that can no longer be used.
var (
	errCommitted = errors.New("the upload is committed")
	errClosed    = fmt.Errorf("the handle of the upload is closed: %w", fs.ErrClosed)
)

// Create implements blob.Staging.
func (s *Store) Create(_ context.Context, owner, name string) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, fmt.Errorf("create upload: %.40q of owner %.40q is not a name", name, owner)
	}
	h, err := s.openStaged(owner, name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, fmt.Errorf("create upload: %w", blob.WriteError(err))
	}
	return h, nil
}

// Whole implements blob.Staging. The file has a name like every other, so that the sweep
// finds it after a crash.
func (s *Store) Whole(ctx context.Context, owner string, _ int64, _ photo.ID) (blob.Staged, error) {
	name := rand.Text()
	h, err := s.Create(ctx, owner, name)
	if err != nil {
		return nil, err
	}
	return &whole{Staged: h, name: name, store: s}, nil
}

// whole is a staged upload that ends with its handle.
type whole struct {
	blob.Staged
	name      string
	store     *Store
	committed bool // the file has become a blob
}

// Commit implements blob.Staged.
func (w *whole) Commit(ctx context.Context, _ bool) (string, error) {
	key, err := w.Staged.Commit(ctx, false)
	w.committed = err == nil
	return key, err
}

// Close implements blob.Staged.
func (w *whole) Close() error {
	_ = w.Staged.Close() // Windows cannot remove an open file
	if w.committed {
		return nil
	}
	return w.store.Discard(context.Background(), w.name)
}

// Resume implements blob.Staging.
func (s *Store) Resume(_ context.Context, owner, name string, state []byte) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, fmt.Errorf("resume upload %.40q of owner %.40q: %w", name, owner, blob.ErrNotFound)
	}
	h, err := s.openStaged(owner, name, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("resume upload: %w", blob.WriteError(notFound(err)))
	}
	h.old = true
	h.resumeDigest(state)
	return h, nil
}

// openStaged opens a staged upload unless it has a handle. The lock of the file excludes other
// processes, and ends with this process. On a file system without locks, the map still
// excludes other handles in this process.
func (s *Store) openStaged(owner, name string, flag int) (*staged, error) {
	if !s.reserve(name) {
		return nil, blob.ErrBusy
	}
	h := &staged{store: s, owner: owner, name: name, hash: sha256.New()}
	f, err := s.staging.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, h.end(err)
	}
	h.f = f
	if err := lockFile(f); err != nil {
		return nil, h.end(err)
	}
	if flag&os.O_EXCL != 0 {
		return h, nil
	}
	if h.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, h.end(err)
	}
	return h, nil
}

// reserve records that name has a handle in this process. It returns false if it had one
// already.
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

// end closes the file. All later calls of the handle return err, or the error of an earlier
// end. The caller has locked h.mu.
func (h *staged) end(err error) error {
	if h.err == nil {
		h.err = err
	}
	if h.name == "" {
		return h.err
	}
	if h.f != nil {
		h.f.Close() // nothing is lost: what was promised was synced
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
	if err := s.staging.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard upload: %w", err)
	}
	return nil
}

// Write implements blob.Staged. It also adds the bytes to the digest, if that covers all
// bytes so far.
func (h *staged) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return 0, h.err
	}
	n, err := h.f.Write(p) // not WriteAt, which does not report what it wrote before the disk was full
	if h.hashed == h.size {
		h.hash.Write(p[:n])
		h.hashed += int64(n)
	}
	h.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write upload: %w", blob.WriteError(err))
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

// sync syncs the file. After a failure the handle cannot sync again: the system may have
// dropped what it could not write, and report success for the next sync.
func (h *staged) sync() error {
	if h.err != nil {
		return h.err
	}
	if err := h.f.Sync(); err != nil {
		return h.end(fmt.Errorf("sync upload: %w", blob.WriteError(err)))
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

// hashRest reads the bytes that the digest does not cover yet.
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

// stateHead is the length of the start of a digest's state, which says how many bytes it covers.
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

// resumeDigest continues a digest. It ignores a state that another version of the program
// made, and one that covers more bytes than there are. Digest then reads the file.
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
	if h.old { // EachBlob reports the time of the commit; the last write may be days old
		now := time.Now()
		if err := h.store.root.Chtimes(uploadsDir+"/"+h.name, now, now); err != nil {
			return "", fmt.Errorf("commit upload: %w", blob.WriteError(notFound(err)))
		}
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

// link gives the synced file its name as a blob, and makes the name durable.
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
		_ = h.end(errCommitted) // Windows cannot rename an open file
		err = h.store.rename(from, to)
	}
	if err != nil {
		return "", blob.WriteError(h.store.absent(err))
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
