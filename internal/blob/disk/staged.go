package disk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
)

// readBuffer is how much Digest reads at a time.
const readBuffer = 1 << 20

// staged is a handle of an upload under way.
type staged struct {
	store *Store
	name  string

	mu     sync.Mutex // held while the file is used, so that taking over waits for a write under way
	f      *os.File
	size   int64
	hash   hash.Hash // of the first hashed bytes
	hashed int64
	named  bool  // the folder was synced since the file was made
	err    error // why the handle is of no more use: a failed sync, taken over, closed
}

// Errors of a handle that is of no more use.
var (
	errTakenOver = errors.New("another handle has taken the upload over")
	errClosed    = fmt.Errorf("the upload's handle is closed: %w", fs.ErrClosed)
)

// Create implements blob.Store.
func (s *Store) Create(_ context.Context, name string) (blob.Staged, error) {
	if !plain(name) {
		return nil, fmt.Errorf("create upload: %.40q is not a name", name)
	}
	h, err := s.hold(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, fmt.Errorf("create upload: %w", refused(err))
	}
	return h, nil
}

// Resume implements blob.Store. A handle of this process that still has the
// upload loses it, after the write it may be in: no late bytes of an old
// connection mingle with the new one's.
func (s *Store) Resume(_ context.Context, name string) (blob.Staged, error) {
	if !plain(name) {
		return nil, fmt.Errorf("resume upload %.40q: %w", name, blob.ErrNotFound)
	}
	h, err := s.hold(name, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("resume upload: %w", refused(missing(err)))
	}
	return h, nil
}

// hold opens a staged upload, once whoever had it in this process has let go.
func (s *Store) hold(name string, flag int) (*staged, error) {
	h := &staged{store: s, name: name, hash: sha256.New()}
	h.mu.Lock() // whoever takes over from h waits until it is open
	defer h.mu.Unlock()
	if flag&os.O_EXCL != 0 {
		if !s.first(name, h) {
			return nil, fs.ErrExist
		}
	} else {
		s.replace(name, h)
	}
	f, err := s.root.OpenFile(uploadsDir+"/"+name, flag, 0o600)
	if err != nil {
		return nil, h.end(err)
	}
	if h.size, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(h.end(err), f.Close())
	}
	h.f = f
	return h, nil
}

// first makes h the one who has name, unless there is one.
func (s *Store) first(name string, h *staged) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] != nil {
		return false
	}
	s.open[name] = h
	return true
}

// replace makes h, or nobody, the one who has name.
func (s *Store) replace(name string, h *staged) {
	s.mu.Lock()
	old := s.open[name]
	if h != nil {
		s.open[name] = h
	} else {
		delete(s.open, name)
	}
	s.mu.Unlock()
	if old != nil {
		old.mu.Lock()
		_ = old.end(errTakenOver)
		old.mu.Unlock()
	}
}

// end closes the handle for the reason err, unless it has one already. Its
// caller has h.mu.
func (h *staged) end(err error) error {
	if h.err == nil {
		h.err = err
	}
	if h.f != nil {
		h.f.Close() // nothing is lost: what counts was synced
		h.f = nil
	}
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	if h.store.open[h.name] == h {
		delete(h.store.open, h.name)
	}
	return h.err
}

// StagedSize implements blob.Store.
func (s *Store) StagedSize(_ context.Context, name string) (int64, error) {
	if !plain(name) {
		return 0, fmt.Errorf("upload %.40q: %w", name, blob.ErrNotFound)
	}
	return s.size(uploadsDir + "/" + name)
}

// Discard implements blob.Store.
func (s *Store) Discard(_ context.Context, name string) error {
	if !plain(name) {
		return nil
	}
	s.replace(name, nil)
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

// Commit implements blob.Staged.
func (h *staged) Commit(_ context.Context, owner string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !plain(owner) {
		return "", fmt.Errorf("commit upload: %.40q is not an owner", owner)
	}
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
	key, err := h.place(owner)
	if err != nil {
		return "", fmt.Errorf("commit upload: %w", err)
	}
	return key, nil
}

// place gives the synced file its name and makes that durable.
func (h *staged) place(owner string) (string, error) {
	key, shard, err := h.store.newBlob(owner)
	if err != nil {
		return "", err
	}
	from, to := uploadsDir+"/"+h.name, shard.path+"/"+key
	_ = h.end(errClosed) // Windows renames no open file
	if err := h.store.root.Rename(from, to); err != nil {
		return "", refused(missing(err))
	}
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
