package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/thumb"
)

// A Maker makes small pictures (renditions) of photos. thumb.Maker is one.
type Maker interface {
	// Make returns renditions, thumb.ErrUnsupported or thumb.ErrRefused.
	Make(ctx context.Context, mediaType string, r io.ReaderAt, size int64) (thumb.Result, error)
	// Decoders names the programs that it uses.
	Decoders() string
}

// RenditionRows is what renditions need of the metadata store.
type RenditionRows interface {
	Locate(ctx context.Context, owner string, id photo.ID) (store.Located, error)
	SetRendition(ctx context.Context, owner string, id photo.ID, r store.Rendered) (drop string, err error)
}

// errNoBytes means that the bytes of a photo are missing.
var errNoBytes error = &photo.Error{Kind: photo.KindInternal, Msg: "the bytes of the photo are missing"}

// renditions makes the small pictures of photos and stores them. The pictures of one photo
// are one blob, which the row of the photo names: all processes find it, and it is removed
// with its photo.
type renditions struct {
	rows      RenditionRows
	blobs     blob.Store
	staging   blob.Staging
	integrity integrity
	maker     Maker // nil: there are no renditions
	log       *slog.Logger
	turns     chan struct{} // one element per photo that is being decoded

	mu     sync.Mutex
	making map[string]chan struct{} // by owner and photo; closed when its renditions are made
}

// decoding is how long the decoding of one photo may take in all. A maker has limits of
// its own for each program.
const decoding = 3 * time.Minute

func newRenditions(c Config, checked integrity) *renditions {
	return &renditions{
		rows: c.Store, blobs: c.Blobs, staging: c.Staging, integrity: checked, maker: c.Renditions, log: c.Log,
		turns: make(chan struct{}, c.Limits.Decoders), making: map[string]chan struct{}{},
	}
}

// Thumbnail returns a JPEG of a live photo whose longer side has at most size pixels, one
// of thumb.Sizes. It fails with photo.KindNoRendition when the photo cannot be decoded.
func (s *Photos) Thumbnail(ctx context.Context, by Caller, id photo.ID, size int) ([]byte, error) {
	picture, l, err := s.renditions.get(ctx, by.Owner, id, size)
	if errors.Is(err, thumb.ErrUnsupported) || errors.Is(err, thumb.ErrRefused) {
		return nil, &photo.Error{
			Kind: photo.KindNoRendition, Msg: fmt.Sprintf("there is no small picture of photo %s (%s)", id.Short(), l.Photo.MediaType),
			Hint: "the service cannot decode it; photos download gets the photo itself", Err: err,
		}
	}
	return picture, err
}

// get returns the JPEG of one size. If there are no renditions yet, it makes them. Of
// several calls for one photo one makes them, and the others wait.
func (r *renditions) get(ctx context.Context, owner string, id photo.ID, size int) ([]byte, store.Located, error) {
	if r.maker == nil {
		return nil, store.Located{}, thumb.ErrUnsupported
	}
	for name := owner + id.String(); ; {
		picture, l, err := r.look(ctx, owner, id, size)
		if !isMissing(err) {
			return picture, l, err
		}
		done, mine := r.begin(name)
		if mine {
			return r.makeMissing(ctx, owner, id, size, name)
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil, l, ctx.Err()
		}
	}
}

// makeMissing makes the renditions that name stands for, unless somebody did so just before r.begin.
func (r *renditions) makeMissing(ctx context.Context, owner string, id photo.ID, size int, name string) ([]byte, store.Located, error) {
	defer r.end(name)
	picture, l, err := r.look(ctx, owner, id, size)
	if !isMissing(err) {
		return picture, l, err
	}
	result, err := r.make(ctx, l)
	if err != nil {
		return nil, l, err
	}
	picture, err = result.Picture(size)
	return picture, l, err
}

// look returns a JPEG that is there already, or an error for which isMissing is true.
func (r *renditions) look(ctx context.Context, owner string, id photo.ID, size int) ([]byte, store.Located, error) {
	l, err := r.rows.Locate(ctx, owner, id)
	if err != nil {
		return nil, l, err
	}
	picture, err := r.stored(ctx, l, size)
	if errors.Is(err, blob.ErrNotFound) {
		err = errMissing
	}
	return picture, l, err
}

// errMissing says that a photo has no renditions yet.
var errMissing = errors.New("there are no renditions yet")

func isMissing(err error) bool { return errors.Is(err, errMissing) || errors.Is(err, thumb.ErrBundle) }

// stored reads a JPEG from the blob that a row names. It returns blob.ErrNotFound or
// thumb.ErrBundle if the renditions have to be made.
func (r *renditions) stored(ctx context.Context, l store.Located, size int) ([]byte, error) {
	if l.Rendition == "" {
		if l.Photo.Look.Rendition == photo.RenditionNone && !l.NoDecoder && l.Maker >= thumb.Version {
			return nil, thumb.ErrRefused
		}
		return nil, blob.ErrNotFound
	}
	b, err := r.blobs.Open(ctx, l.Owner, l.Rendition)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return thumb.ReadBundle(b, b.Size(), size)
}

// begin reports whether the caller is the one that makes the renditions. Everybody else
// waits for done and looks again.
func (r *renditions) begin(name string) (done <-chan struct{}, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if made, ok := r.making[name]; ok {
		return made, false
	}
	r.making[name] = make(chan struct{})
	return nil, true
}

func (r *renditions) end(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.making[name])
	delete(r.making, name)
}

// make decodes a photo and stores its renditions. That a photo cannot be decoded is stored
// as well, and returned as thumb.ErrRefused or thumb.ErrUnsupported.
func (r *renditions) make(ctx context.Context, l store.Located) (thumb.Result, error) {
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-ctx.Done():
		return thumb.Result{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, decoding)
	defer cancel()
	result, err := r.decode(ctx, l)
	made := store.Rendered{Maker: thumb.Version, Replaces: l.Rendition, Color: result.Color, Digest: result.Digest}
	switch {
	case errors.Is(err, thumb.ErrUnsupported):
		made.NoDecoder = true
	case errors.Is(err, thumb.ErrRefused) && ctx.Err() == nil:
		r.log.WarnContext(ctx, "no small pictures can be made of a photo", "photo", l.Photo.ID.Short(), "media_type", l.Photo.MediaType, "bytes", l.Photo.Size, "err", err)
	case err != nil:
		return thumb.Result{}, err
	default:
		if made.Key, err = r.store(ctx, l.Owner, result); err != nil {
			return thumb.Result{}, err
		}
	}
	return result, errors.Join(err, r.record(ctx, l, made))
}

func (r *renditions) decode(ctx context.Context, l store.Located) (thumb.Result, error) {
	source, err := r.open(ctx, l)
	if err != nil {
		return thumb.Result{}, err
	}
	defer source.Close()
	return r.maker.Make(ctx, l.Photo.MediaType, source, source.Size())
}

// open opens the bytes of the photo. If they are missing it returns errNoBytes.
func (r *renditions) open(ctx context.Context, l store.Located) (blob.Reader, error) {
	source, err := r.blobs.Open(ctx, l.Owner, l.Key)
	if errors.Is(err, blob.ErrNotFound) {
		err = errors.Join(errNoBytes, r.integrity.markDamaged(ctx, l.Owner, l.Photo.ID, l.Key))
	}
	if err != nil {
		return nil, fmt.Errorf("bytes of photo %s: %w", l.Photo.ID, err)
	}
	return source, nil
}

// store makes a blob of the renditions.
func (r *renditions) store(ctx context.Context, owner string, result thumb.Result) (key string, err error) {
	var b bytes.Buffer
	if err := result.WriteBundle(&b); err != nil {
		return "", err
	}
	staged, err := r.staging.Whole(ctx, owner, int64(b.Len()), sha256.Sum256(b.Bytes()))
	if err != nil {
		return "", fmt.Errorf("store renditions: %w", err)
	}
	if _, err = staged.Write(b.Bytes()); err == nil {
		key, err = staged.Commit(ctx, false)
	}
	if err = errors.Join(err, staged.Close()); err != nil {
		return "", fmt.Errorf("store renditions: %w", err)
	}
	return key, nil
}

// record writes the row, and deletes the blob that the row does not name. If it is not
// known whether the row names a blob, the blob stays: the sweep knows later.
func (r *renditions) record(ctx context.Context, l store.Located, made store.Rendered) error {
	ctx = context.WithoutCancel(ctx)
	drop, err := r.rows.SetRendition(ctx, l.Owner, l.Photo.ID, made)
	if photo.KindOf(err) == photo.KindNotFound {
		drop = made.Key // the photo was purged meanwhile
	}
	if drop == "" {
		return err
	}
	if err := r.blobs.Delete(ctx, l.Owner, drop); err != nil {
		r.log.WarnContext(ctx, "old renditions could not be removed; the sweep will do it", "key", drop, "err", err)
	}
	return err
}
