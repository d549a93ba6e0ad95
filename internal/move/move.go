// Package move takes all photos of a service to another database, and if wanted to another place for
// their bytes, while the service goes on.
//
// First the bytes are copied, each verified by its digest, as often as new ones have come meanwhile.
// Then the source is frozen: it takes no more changes, and is still read. The last bytes are copied,
// and all rows in one transaction. After that the source stays as it is for good.
//
// A move that was interrupted is continued by the next one. Whatever is killed at whatever moment,
// at most one of the two databases takes changes: the source until it is marked as left, which is
// before the transaction with the rows is committed, and the target after that.
package move

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

const (
	pageSize = 200             // photos whose bytes are copied together
	workers  = 8               // photos that are copied at the same time
	fewLeft  = 50              // with fewer new photos than this, the rest is copied while the source is frozen
	lease    = 2 * time.Minute // how long the source stays frozen after a move was killed
)

// Blobs is a place for the bytes of photos.
type Blobs interface {
	blob.Store
	blob.Staging
}

// Mover moves everything from one service to another one.
type Mover struct {
	From      store.MoveSource
	FromName  string // what messages call the database
	FromBlobs blob.Store

	To      store.MoveTarget
	ToName  string
	ToBlobs Blobs // nil: the bytes stay where they are
	// CopyRows copies all rows in one transaction, which makes the target Arrived. If the bytes moved,
	// photos without bytes are marked as damaged in it.
	CopyRows func(ctx context.Context) (map[string]int64, error)

	// Say tells the user how far the move is.
	Say func(format string, args ...any)
}

// Sum says what was moved.
type Sum struct {
	Photos  int64            // whose bytes were copied, in this run
	Bytes   int64            // of them
	Rows    map[string]int64 // by table; nil if an earlier run had copied them
	Damaged int64            // photos whose bytes the source did not have as they should be, among those of this run
}

// Run moves. When it returns an error, a later Run continues.
func (m *Mover) Run(ctx context.Context) (Sum, error) {
	r := run{Mover: m}
	arrived, err := r.begin(ctx)
	if err != nil {
		return r.sum, err
	}
	if !arrived {
		if err := r.copyWhileServing(ctx); err != nil {
			return r.sum, err
		}
		if err := r.copyFrozen(ctx); err != nil {
			return r.sum, err
		}
	}
	return r.sum, m.From.SetMove(context.WithoutCancel(ctx), store.Move{State: store.Moved, Other: m.ToName}, 0)
}

// run is one call of Run.
type run struct {
	*Mover
	mu  sync.Mutex
	sum Sum
}

// begin checks that the two databases belong together, and reports whether all rows have arrived.
func (r *run) begin(ctx context.Context) (arrived bool, err error) {
	from, err := r.From.Move(ctx)
	if err != nil {
		return false, err
	}
	if from.State != store.Unmoved && from.Other != r.ToName {
		return false, conflict("the photos of %s are moved to %s, not to %s", "name that database, or start photosd with --force to use the old one again", r.FromName, from.Other, r.ToName)
	}
	to, err := r.To.Move(ctx)
	switch {
	case err != nil:
		return false, err
	case to.State != store.Unmoved && to.Other != r.FromName:
		return false, conflict("the photos of %s are moved to %s", "name another database", to.Other, r.ToName)
	case to.State == store.Arrived && from.State != store.Leaving && from.State != store.Moved:
		return false, conflict("the photos of %s were moved to %s before, and the old database was used again", "move to an empty database", r.FromName, r.ToName)
	case to.State != store.Unmoved:
		return to.State == store.Arrived, nil
	}
	fresh, err := r.To.Fresh(ctx)
	if err != nil {
		return false, err
	}
	if !fresh {
		return false, conflict("the database %s has accounts already", "a move needs an empty database", r.ToName)
	}
	return false, r.To.SetMove(ctx, store.Move{State: store.Arriving, Other: r.FromName}, 0)
}

func conflict(msg, hint string, args ...any) error {
	return &photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf(msg, args...), Hint: hint}
}

// copyWhileServing copies bytes until only few are left. Photos that come or go meanwhile are
// found by the next pass.
func (r *run) copyWhileServing(ctx context.Context) error {
	if r.ToBlobs == nil {
		return nil
	}
	for {
		copied, err := r.pass(ctx)
		if err != nil {
			return err
		}
		r.Say("copied: %d photos, %d bytes", r.sum.Photos, r.sum.Bytes)
		if copied < fewLeft {
			return nil
		}
	}
}

// copyFrozen copies the last bytes and all rows while the source takes no changes. When it
// fails, the source takes changes again, unless it is not known whether the target is complete.
func (r *run) copyFrozen(ctx context.Context) (err error) {
	if err := r.freeze(ctx); err != nil {
		return err
	}
	frozen, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() { defer close(kept); r.keepFrozen(frozen, cancel) }()
	defer func() {
		cancel(nil)
		<-kept
		if err != nil {
			err = errors.Join(err, r.unfreeze(context.WithoutCancel(ctx)))
		}
	}()
	r.Say("the service takes no changes now, until the last ones are copied")
	r.sum.Damaged = 0
	if r.ToBlobs != nil {
		if _, err := r.pass(frozen); err != nil {
			return err
		}
	}
	cancel(nil)
	<-kept
	if err := r.From.SetMove(ctx, store.Move{State: store.Leaving, Other: r.ToName}, 0); err != nil {
		return err
	}
	r.sum.Rows, err = r.CopyRows(ctx)
	return err
}

// freeze keeps changes out of the source. A source that is left already stays so.
func (r *run) freeze(ctx context.Context) error {
	m, err := r.From.Move(ctx)
	if err != nil || m.State == store.Leaving || m.State == store.Moved {
		return err
	}
	return r.From.SetMove(ctx, store.Move{State: store.Frozen, Other: r.ToName}, lease)
}

// keepFrozen renews the lease until ctx ends. It cancels the pass when it cannot.
func (r *run) keepFrozen(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(lease / 8)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.freeze(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// unfreeze lets the source take changes again if the target is not complete.
func (r *run) unfreeze(ctx context.Context) error {
	to, err := r.To.Move(ctx)
	if err != nil || to.State != store.Arriving {
		return err
	}
	return r.From.SetMove(ctx, store.Move{}, 0)
}

// pass copies the bytes of all photos that were not copied yet, and returns of how many.
func (r *run) pass(ctx context.Context) (copied int64, err error) {
	before := r.sum.Photos
	for after := int64(0); ; {
		page, err := r.From.StoredBlobs(ctx, after, pageSize)
		if err != nil || len(page) == 0 {
			return r.sum.Photos - before, err
		}
		after = page[len(page)-1].Number
		if err := r.page(ctx, page); err != nil {
			return 0, err
		}
	}
}

// item is bytes to copy.
type item struct {
	owner, key string
	photo      photo.ID // zero for small pictures, whose digest nobody knows
}

func (r *run) page(ctx context.Context, page []store.StoredBlob) error {
	var keys []string
	for _, p := range page {
		keys = append(keys, p.Key)
		if p.Rendition != "" {
			keys = append(keys, p.Rendition)
		}
	}
	moved, err := r.To.MovedBlobs(ctx, keys)
	if err != nil {
		return err
	}
	var items []item
	for _, p := range page {
		if _, done := moved[p.Key]; !done {
			items = append(items, item{p.Owner, p.Key, p.ID})
		}
		if _, done := moved[p.Rendition]; !done && p.Rendition != "" {
			items = append(items, item{owner: p.Owner, key: p.Rendition})
		}
	}
	return r.items(ctx, items)
}

// items copies some items at the same time. The first error ends it.
func (r *run) items(ctx context.Context, items []item) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan item)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for it := range next {
				if err := r.item(ctx, it); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, it := range items {
		if ctx.Err() != nil {
			break
		}
		next <- it
	}
	close(next)
	working.Wait()
	return context.Cause(ctx)
}

// item copies the bytes of a photo, or its small pictures. If they are not as they should be,
// the photo counts as damaged.
func (r *run) item(ctx context.Context, it item) error {
	key, size, err := r.copy(ctx, it)
	switch {
	case errors.Is(err, errDamaged) && it.photo.IsZero():
		return nil // they are made again
	case errors.Is(err, errDamaged):
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sum.Damaged++
		return nil
	case err != nil:
		return fmt.Errorf("copy the bytes of photo %s: %w", it.photo.Short(), err)
	}
	if err := r.To.NoteMovedBlob(ctx, it.owner, it.key, key); err != nil {
		return err
	}
	if !it.photo.IsZero() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sum.Photos++
		r.sum.Bytes += size
	}
	return nil
}

// errDamaged says that the source does not have the bytes as they should be.
var errDamaged = errors.New("the bytes are missing or damaged")

func (r *run) copy(ctx context.Context, it item) (key string, size int64, err error) {
	in, err := r.FromBlobs.Open(ctx, it.owner, it.key)
	if errors.Is(err, blob.ErrNotFound) { // or the photo was purged since its row was read
		return "", 0, errDamaged
	}
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	out, err := r.ToBlobs.Whole(ctx, it.owner, in.Size(), it.photo)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	id, refused, err := transfer(ctx, out, in)
	switch {
	case err != nil:
		return "", 0, err
	case !it.photo.IsZero() && id != it.photo:
		return "", 0, errDamaged
	case refused != nil:
		return "", 0, refused
	}
	if arrived, err := out.Digest(); err != nil || arrived != id {
		return "", 0, errors.Join(err, errors.New("other bytes arrived"))
	}
	if key, err = out.Commit(ctx, false); err != nil {
		return "", 0, err
	}
	if size, err = r.ToBlobs.Size(ctx, it.owner, key); err == nil && size != in.Size() {
		err = fmt.Errorf("%d bytes arrived, of %d", size, in.Size())
	}
	return key, size, err
}

// transfer copies all bytes. It reads them all even if they cannot be written, because a store that
// knows the digest refuses other bytes. It returns their digest, and why they could not be written.
func transfer(ctx context.Context, out blob.Staged, in io.Reader) (id photo.ID, refused, err error) {
	sum, buf := sha256.New(), make([]byte, 1<<20)
	for ctx.Err() == nil {
		n, err := in.Read(buf)
		sum.Write(buf[:n])
		if refused == nil && n > 0 {
			_, refused = out.Write(buf[:n])
		}
		if err == io.EOF {
			return photo.ID(sum.Sum(nil)), refused, nil
		}
		if err != nil {
			return photo.ID{}, refused, err
		}
	}
	return photo.ID{}, refused, ctx.Err()
}
