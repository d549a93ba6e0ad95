package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// sizes are the limits of S3, and how they are used.
type sizes struct {
	least int64 // bytes of a part that is not the last
	part  int64 // bytes of a part, if as many come
	step  int32 // after so many parts the others are larger by as much again
	parts int32 // part numbers
	copy  int64 // bytes that one request copies
}

// usualSizes give 10,000 parts more than 800 GiB.
var usualSizes = sizes{least: 5 << 20, part: 16 << 20, step: 1000, parts: 10_000, copy: 1 << 30}

// full returns how many bytes the part after n others has, if as many come.
func (s sizes) full(n int32) int64 { return s.part * int64(1+n/s.step) }

// enough returns how many bytes the part after n others needs, unless it is the last.
func (s sizes) enough(n int32) int64 { return s.least * int64(1+n/s.step) }

// staged is the handle of a staged upload. The bytes come into a spool, which becomes a part
// when it is full, and at a Sync a part or a tail. The row is saved after each of them, with
// the state of the digest. It is the truth: Size may be ahead of it.
type staged struct {
	store  *Store
	ctx    context.Context // of the handle; most methods of blob.Staged have none
	cancel context.CancelFunc
	holder string
	ended  chan struct{} // closed when keep has returned

	mu     sync.Mutex
	row    store.Staged // as it was saved last
	spool  spool        // the bytes from base on
	base   int64        // bytes in parts
	loaded bool         // the tail is in the spool
	hash   hash.Hash    // of all bytes; nil: the state was of no use
	read   *ranges      // of the object that was assembled
	err    error        // why the handle can no longer be used
}

// Create implements blob.Staging.
func (s *Store) Create(ctx context.Context, owner, name string) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, fmt.Errorf("create upload: %.40q of owner %.40q is not a name", name, owner)
	}
	h := &staged{store: s, holder: rand.Text(), row: store.Staged{Name: name, Owner: owner}, loaded: true, hash: sha256.New()}
	if err := s.Rows.CreateStaged(ctx, h.row, h.holder, s.lease); err != nil {
		return nil, fmt.Errorf("create upload: %w", err)
	}
	h.begin(ctx)
	return h, nil
}

// Resume implements blob.Staging. It needs no state: the row has one.
func (s *Store) Resume(ctx context.Context, owner, name string, _ []byte) (blob.Staged, error) {
	if !isPlainName(name) || !isPlainName(owner) {
		return nil, noStaged(name)
	}
	h := &staged{store: s, holder: rand.Text()}
	row, err := s.Rows.HoldStaged(ctx, name, h.holder, s.lease)
	switch {
	case errors.Is(err, store.ErrHeld):
		return nil, blob.ErrBusy
	case photo.KindOf(err) == photo.KindNotFound:
		return nil, noStaged(name)
	case err != nil:
		return nil, fmt.Errorf("resume upload: %w", err)
	}
	h.row, h.base, h.loaded = row, row.Size-row.TailSize, row.TailSize == 0
	h.hash = resumeDigest(row)
	h.begin(ctx)
	if row.Owner != owner {
		return nil, errors.Join(noStaged(name), h.Close())
	}
	return h, nil
}

func resumeDigest(row store.Staged) hash.Hash {
	sum := sha256.New()
	if row.Size == 0 {
		return sum
	}
	m, ok := sum.(encoding.BinaryUnmarshaler)
	if !ok || m.UnmarshalBinary(row.Digest) != nil {
		return nil
	}
	return sum
}

func noStaged(name string) error { return fmt.Errorf("upload %.40q: %w", name, blob.ErrNotFound) }

// begin starts to renew the lease, until Close.
func (h *staged) begin(ctx context.Context) {
	h.spool.dir = h.store.Spool
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.ended = make(chan struct{})
	go h.keep()
}

func (h *staged) keep() {
	defer close(h.ended)
	tick := time.NewTicker(h.store.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if kind := photo.KindOf(h.store.Rows.KeepStaged(h.ctx, h.row.Name, h.holder, h.store.lease)); kind == photo.KindConflict || kind == photo.KindNotFound {
				return // every save fails from now on
			}
		case <-h.ctx.Done():
			return
		}
	}
}

// save makes row the truth.
func (h *staged) save(row store.Staged, add *store.StagedPart) error {
	err := h.store.Rows.SaveStaged(h.ctx, row, add, h.holder, h.store.lease)
	if kind := photo.KindOf(err); kind == photo.KindConflict || kind == photo.KindNotFound {
		h.err = errLost
		return h.err
	}
	if err != nil { // whether the row is saved is not known
		h.err = err
		return err
	}
	if add != nil {
		row.Parts = append(row.Parts, *add)
	}
	h.row = row
	return nil
}

// errLost is the error of a handle that is no longer the holder.
var errLost = fmt.Errorf("the upload was discarded, or another request has it: %w", blob.ErrNotFound)

// usable returns why no more bytes can be added.
func (h *staged) usable() error {
	if h.err == nil && h.row.State != store.StagedOpen {
		return errCommitted
	}
	return h.err
}

// Write implements blob.Staged.
func (h *staged) Write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.usable(); err != nil {
		return 0, err
	}
	if err := h.load(); err != nil {
		return 0, fmt.Errorf("write upload: %w", err)
	}
	for n < len(p) {
		full := h.store.sizes.full(h.row.Claimed)
		if h.spool.size >= full {
			if err := h.sendPart(); err != nil {
				return n, fmt.Errorf("write upload: %w", err)
			}
			continue
		}
		wrote, err := h.spool.Write(p[n:min(int64(len(p)), int64(n)+full-h.spool.size)])
		if h.hash != nil {
			h.hash.Write(p[n : n+wrote])
		}
		n += wrote
		if err != nil {
			return n, fmt.Errorf("write upload: %w", err)
		}
	}
	return n, nil
}

// load reads the tail back, which the next part or tail begins with.
func (h *staged) load() error {
	if h.loaded {
		return nil
	}
	body := &stream{ranges: h.store.ranges(h.ctx, h.row.Tail, h.row.TailSize), end: h.row.TailSize}
	defer func() { _ = body.Close() }()
	if err := h.spool.reset(); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{&h.spool}, body, make([]byte, blockSize)); err != nil {
		return err
	}
	h.loaded = true
	return nil
}

// sendPart makes a part of the spool.
func (h *staged) sendPart() error {
	row := h.row
	if row.Claimed >= h.store.sizes.parts {
		return &photo.Error{Kind: photo.KindTooLarge, Msg: "the upload came in too many pieces", Hint: "begin it again, with larger pieces"}
	}
	if row.Multipart == "" {
		var err error
		if row, err = h.startMultipart(row); err != nil {
			return err
		}
	}
	row.Claimed++
	if err := h.save(row, nil); err != nil {
		return err
	}
	part, err := h.store.uploadPart(h.ctx, row, h.spool.reader())
	if err != nil {
		return h.lost(err)
	}
	row.Size, row.Tail, row.TailSize, row.Digest = h.base+h.spool.size, "", 0, h.state()
	old := h.row.Tail
	if err := h.save(row, &part); err != nil {
		return err
	}
	h.base = row.Size
	h.dropTail(old)
	return h.spool.reset()
}

// startMultipart saves the key before the multipart upload exists, so that Discard finds it.
func (h *staged) startMultipart(row store.Staged) (store.Staged, error) {
	row.Key = row.Name + "-" + rand.Text()
	if err := h.save(row, nil); err != nil {
		return row, err
	}
	id, err := h.store.createMultipart(h.ctx, row)
	row.Multipart = id
	return row, err
}

// lost ends an upload whose multipart upload S3 no longer knows: a rule of the bucket removed
// it, or an operator. The client has to begin again.
func (h *staged) lost(err error) error {
	if codeOf(err) != noSuchUpload {
		return err
	}
	h.err = err
	return errors.Join(err, h.store.Discard(h.ctx, h.row.Name))
}

// sendTail makes a tail of the spool, which is too short for a part. It has a new name, so
// that the old tail stays until the row names the new one.
func (h *staged) sendTail() error {
	row := h.row
	row.Tail, row.TailSize, row.Tails = stagedPrefix+row.Name+"/"+rand.Text(), h.spool.size, true
	if !h.row.Tails { // from here on Discard looks for tails
		marked := h.row
		marked.Tails = true
		if err := h.save(marked, nil); err != nil {
			return err
		}
	}
	sum := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, h.spool.reader(), make([]byte, blockSize)); err != nil {
		return err
	}
	if err := h.store.putKnown(h.ctx, row.Tail, h.spool.reader(), row.TailSize, photo.ID(sum.Sum(nil))); err != nil {
		return err
	}
	row.Size, row.Digest = h.base+h.spool.size, h.state()
	old := h.row.Tail
	if err := h.save(row, nil); err != nil {
		return err
	}
	h.dropTail(old)
	return nil
}

// dropTail removes a tail that the row no longer names. If that fails, Discard does it.
func (h *staged) dropTail(object string) {
	if object != "" {
		_ = h.store.remove(h.ctx, object)
	}
}

// Sync implements blob.Staged.
func (h *staged) Sync() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.usable(); err != nil {
		return err
	}
	return h.sync()
}

func (h *staged) sync() error {
	if h.length() == h.row.Size {
		return nil
	}
	send := h.sendTail
	if h.spool.size >= h.store.sizes.enough(h.row.Claimed) {
		send = h.sendPart
	}
	if err := send(); err != nil {
		return fmt.Errorf("sync upload: %w", err)
	}
	return nil
}

// length returns how many bytes were written, saved or not.
func (h *staged) length() int64 {
	if !h.loaded || h.row.State != store.StagedOpen {
		return h.row.Size
	}
	return h.base + h.spool.size
}

// Size implements blob.Staged.
func (h *staged) Size() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.length()
}

// ReadAt implements blob.Staged. Bytes in parts can be read only after the parts were put
// together, and then no more can be added.
func (h *staged) ReadAt(p []byte, off int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return 0, h.err
	}
	if h.row.State == store.StagedOpen && off >= h.base {
		if err := h.load(); err != nil {
			return 0, fmt.Errorf("read upload: %w", err)
		}
		return h.spool.ReadAt(p, off-h.base)
	}
	if err := h.assemble(); err != nil {
		return 0, fmt.Errorf("read upload: %w", err)
	}
	return h.assembled().ReadAt(p, off)
}

func (h *staged) assembled() *ranges {
	if h.read == nil {
		h.read = h.store.ranges(h.ctx, objectKey(h.row.Owner, h.row.Key), h.row.Size)
	}
	return h.read
}

// assemble makes one object of the bytes, under the key in the row.
func (h *staged) assemble() error {
	if h.row.State != store.StagedOpen {
		return nil
	}
	if err := h.load(); err != nil {
		return err
	}
	if h.row.Multipart == "" {
		return h.putSpool()
	}
	if h.spool.size > 0 {
		if err := h.sendPart(); err != nil {
			return err
		}
	}
	if err := h.complete(); err != nil {
		return err
	}
	return h.saveAssembled(h.row)
}

// putSpool makes the object of the spool, which has all bytes.
func (h *staged) putSpool() error {
	row := h.row
	row.Key, row.Size, row.Digest = rand.Text(), h.spool.size, h.state()
	id, err := h.digest()
	if err != nil {
		return err
	}
	if err := h.store.putKnown(h.ctx, objectKey(row.Owner, row.Key), h.spool.reader(), row.Size, id); err != nil {
		return err
	}
	return h.saveAssembled(row)
}

// saveAssembled records that the object exists. If this handle may no longer do so, it
// removes an object that only it knows. Discard finds the others.
func (h *staged) saveAssembled(row store.Staged) error {
	row.State = store.StagedAssembled
	err := h.save(row, nil)
	if errors.Is(err, errLost) && row.Multipart == "" {
		err = errors.Join(err, h.store.remove(h.ctx, objectKey(row.Owner, row.Key)))
	}
	return err
}

// complete puts the parts together. When S3 no longer knows the upload, an earlier attempt
// has done it, and its answer was lost.
func (h *staged) complete() error {
	err := h.store.completeMultipart(h.ctx, h.row)
	if codeOf(err) != noSuchUpload {
		return err
	}
	size, missing := h.store.Size(h.ctx, h.row.Owner, h.row.Key)
	if missing != nil || size != h.row.Size {
		return h.lost(err)
	}
	id, digestErr := h.digest()
	if digestErr != nil {
		return digestErr
	}
	switch found, readErr := h.store.digest(h.ctx, objectKey(h.row.Owner, h.row.Key), size); {
	case readErr != nil:
		return readErr
	case found != id:
		return h.lost(err)
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
	return h.digest()
}

func (h *staged) digest() (photo.ID, error) {
	if h.hash != nil {
		return photo.ID(h.hash.Sum(nil)), nil
	}
	if err := h.assemble(); err != nil {
		return photo.ID{}, fmt.Errorf("digest upload: %w", err)
	}
	return h.store.digest(h.ctx, objectKey(h.row.Owner, h.row.Key), h.row.Size)
}

// DigestState implements blob.Staged.
func (h *staged) DigestState() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.length() == 0 {
		return nil
	}
	return h.state()
}

func (h *staged) state() []byte {
	m, ok := h.hash.(encoding.BinaryMarshaler)
	if !ok {
		return nil
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return nil
	}
	return state
}

// Commit implements blob.Staged. The object that was assembled becomes the blob. A second
// commit, after another handle, makes a copy: the first key may be deleted at any time.
func (h *staged) Commit(_ context.Context, keep bool) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return "", h.err
	}
	key, err := h.commit()
	if err != nil {
		return "", fmt.Errorf("commit upload: %w", err)
	}
	h.err = errCommitted
	if !keep { // the row is all that is left
		_ = h.store.Rows.DeleteStaged(h.ctx, h.row.Name)
	}
	return key, nil
}

func (h *staged) commit() (string, error) {
	if err := h.assemble(); err != nil {
		return "", err
	}
	row := h.row
	if row.State == store.StagedCommitted {
		row.Key = row.Name + "-" + rand.Text()
		if err := h.store.copyBlob(h.ctx, h.row, row.Key); err != nil {
			return "", err
		}
	}
	row.State = store.StagedCommitted
	return row.Key, h.save(row, nil)
}

// Close implements blob.Staged.
func (h *staged) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if errors.Is(h.err, errClosed) {
		return nil
	}
	h.cancel()
	<-h.ended
	h.err = errClosed
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), undoTime)
	defer cancel()
	return errors.Join(h.spool.Close(), h.store.Rows.ReleaseStaged(ctx, h.row.Name, h.holder))
}

// StagedSize implements blob.Staging.
func (s *Store) StagedSize(ctx context.Context, name string) (int64, error) {
	if !isPlainName(name) {
		return 0, noStaged(name)
	}
	row, err := s.Rows.Staged(ctx, name)
	if photo.KindOf(err) == photo.KindNotFound {
		return 0, noStaged(name)
	}
	return row.Size, err
}

func newBytes(b []byte) io.ReadSeeker { return bytes.NewReader(b) }
