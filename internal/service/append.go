package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
	"photos/internal/store"
)

// bufferSize is how much of a body is copied at once: enough for one fast stream, and
// little enough for many streams.
const bufferSize = 256 << 10

// Append adds bytes to an upload.
type Append struct {
	Request
	ID     string
	Offset int64 // where the bytes go
	Meta   *Meta // replaces the metadata of the creation; nil: it stays
}

// Append adds the bytes of a request to an upload and, after the last one, makes the photo.
// Bytes are durable before they are acknowledged. They stay when the connection breaks.
//
// Of several requests at the same time one continues. The others wait for it and then
// learn how far the upload is.
func (s *Uploads) Append(ctx context.Context, a Append) (Progress, error) {
	defer s.activity.begin()()
	if a.Meta != nil {
		meta := *a.Meta
		if err := meta.check(); err != nil {
			return Progress{}, err
		}
		a.Meta = &meta
	}
	if photoID, err := photo.ParseID(a.ID); err == nil {
		return s.appendToStored(ctx, a, photoID)
	}
	u, err := s.rows.Upload(ctx, a.Owner, a.ID)
	if err != nil {
		return Progress{}, err
	}
	if u.Finished() {
		return repeated(finished(u, a.Writer), a)
	}
	missing := u.Length - min(a.Offset, u.Length)
	if a.Size > missing {
		return Progress{}, tooMany(missing)
	}
	if a.Meta != nil && !a.Meta.Photo.IsZero() && a.Meta.Photo != u.Photo {
		return Progress{}, &photo.Error{Kind: photo.KindUsage, Msg: "the upload is for another photo", Hint: "its sha256 cannot change: begin another upload"}
	}
	body, err := open(a, missing)
	if err != nil {
		return Progress{}, err
	}
	defer body.Close()
	after, err := s.appendBody(ctx, a, body)
	if errors.Is(err, errStopped) {
		return s.overtaken(ctx, a)
	}
	return after, err
}

// appendToStored answers a request for an upload that needed no row. It has nothing to
// append to.
func (s *Uploads) appendToStored(ctx context.Context, a Append, id photo.ID) (Progress, error) {
	at, err := s.stored(ctx, a.Owner, id)
	if err != nil {
		return Progress{}, err
	}
	return repeated(at, a)
}

// repeated answers a request for an upload that is finished. A request without bytes asks
// for the outcome. One with bytes repeats an earlier request, and learns that nothing is
// missing.
func repeated(at Progress, a Append) (Progress, error) {
	if a.Offset == at.Offset && (a.Open == nil || a.Size == 0) {
		return at, nil
	}
	return Progress{}, &OffsetError{a.Offset, at}
}

func open(a Append, limit int64) (Body, error) {
	if a.Open == nil {
		return noBody{}, nil
	}
	return a.Open(limit)
}

// noBody is the body of a request without bytes.
type noBody struct{}

func (noBody) Read([]byte) (int, error) { return 0, io.EOF }
func (noBody) Close() error             { return nil }
func (noBody) Stop()                    {}

// appendBody does the work of Append while it holds the lock of the upload.
func (s *Uploads) appendBody(ctx context.Context, a Append, body Body) (Progress, error) {
	l, err := s.lock(ctx, a, body)
	if err != nil {
		return Progress{}, err
	}
	defer l.unlock(ctx)
	if at := l.staged.Size(); at != a.Offset {
		return Progress{}, &OffsetError{a.Offset, Progress{Upload: l.upload, Offset: at, ExpiresAt: l.upload.ExpiresAt}}
	}
	err = s.receive(body, l.upload.Length, l.staged, l.write)
	if l.stopped() {
		err = errStopped
	}
	if err == nil && l.staged.Size() == l.upload.Length {
		return s.complete(ctx, a, l)
	}
	if hopeless := s.abandonHopeless(ctx, l, err); hopeless != nil {
		return Progress{}, hopeless
	}
	if syncErr := l.sync(); err == nil && syncErr != nil {
		return Progress{}, fmt.Errorf("sync upload: %w", syncErr)
	}
	return Progress{Upload: l.upload, Offset: l.staged.Size(), ExpiresAt: l.upload.ExpiresAt}, err
}

// overtaken answers a request that a newer one has stopped, after the newer one is done.
func (s *Uploads) overtaken(ctx context.Context, a Append) (Progress, error) {
	if err := s.locks.waitIdle(ctx, a.ID, s.patience()); err != nil {
		return Progress{}, err
	}
	at, err := s.progress(ctx, a.Request, a.ID)
	switch {
	case err != nil:
		return Progress{}, err
	case at.Done != nil:
		return repeated(at, a)
	}
	return Progress{}, &OffsetError{a.Offset, at}
}

// offsetError returns an OffsetError with the current progress of the upload.
func (s *Uploads) offsetError(ctx context.Context, a Append) error {
	at, err := s.progress(ctx, a.Request, a.ID)
	if err != nil {
		return err
	}
	return &OffsetError{a.Offset, at}
}

// receive reads body until it ends or fails, and passes the bytes to write. What came before
// a failure stays. It refuses what is not a picture as soon as it has the first bytes.
func (s *Uploads) receive(body io.Reader, length int64, staged blob.Staged, write func([]byte) (int, error)) error {
	buf, _ := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			if err := appendPiece(staged, length, (*buf)[:n], write); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// appendPiece writes p. When p completes the start of the file, it looks whether that is the
// start of a picture.
func appendPiece(staged blob.Staged, length int64, p []byte, write func([]byte) (int, error)) error {
	before, head := staged.Size(), min(length, picture.HeadSize)
	if int64(len(p)) > length-before {
		return tooMany(length - before)
	}
	if _, err := write(p); err != nil {
		return fmt.Errorf("store bytes: %w", err)
	}
	if before >= head || staged.Size() < head {
		return nil
	}
	start := p
	if before > 0 {
		start = make([]byte, head)
		if _, err := staged.ReadAt(start, 0); err != nil {
			return fmt.Errorf("look at the first bytes: %w", err)
		}
	}
	if _, ok := picture.Sniff(start[:head]); !ok {
		return &photo.Error{Kind: photo.KindNotPicture, Msg: "the content is neither a picture nor a video", Hint: "the service stores only pictures and videos"}
	}
	return nil
}

// tooMany returns the error of a request with more bytes than are missing.
func tooMany(missing int64) error {
	return &photo.Error{Kind: photo.KindTooLarge, Msg: "more bytes came than were announced", Hint: fmt.Sprintf("%d bytes are missing", missing)}
}

// complete makes a photo of an upload whose bytes are all stored. From here on no other
// request of this process stops this one.
func (s *Uploads) complete(ctx context.Context, a Append, l *lock) (Progress, error) {
	if err := l.beginFinish(); err != nil {
		return Progress{}, err
	}
	if a.Working != nil {
		defer a.Working()()
	}
	ctx = context.WithoutCancel(ctx) // a client that leaves now finds the photo when it comes back
	u := l.upload
	added, err := s.finish(ctx, u, l.staged, true, func(p photo.Photo, key string) (store.Added, error) {
		return s.rows.FinishUpload(ctx, u.Owner, u.ID, u.Generation, p, key, store.Finish{Keep: keepFinished, Spare: s.limits.Spare}, a.addOptions()...)
	})
	switch photo.KindOf(err) {
	case photo.KindNotPicture, photo.KindDigestMismatch, photo.KindForbidden:
		return Progress{}, errors.Join(err, s.abandon(ctx, l))
	case photo.KindConflict: // the row has a newer generation
		return Progress{}, errStopped
	}
	if errors.Is(err, blob.ErrNotFound) {
		return Progress{}, s.abandonLost(ctx, l)
	}
	if err != nil {
		return Progress{}, err
	}
	l.over = true
	_ = l.staged.Close() // Windows cannot remove an open file
	s.discard(ctx, u.ID)
	return done(u, added), nil
}

// abandon ends an upload that cannot become a photo. It removes nothing when a newer
// request has claimed the upload.
func (s *Uploads) abandon(ctx context.Context, l *lock) error {
	ctx = context.WithoutCancel(ctx)
	err := s.rows.AbandonUpload(ctx, l.upload.Owner, l.upload.ID, l.upload.Generation)
	if err != nil {
		return err
	}
	l.over = true
	_ = l.staged.Close()
	s.discard(ctx, l.upload.ID)
	return nil
}

// abandonHopeless ends an upload if err says that it cannot become a photo. Then it returns what to
// answer.
func (s *Uploads) abandonHopeless(ctx context.Context, l *lock, err error) error {
	switch {
	case photo.KindOf(err) == photo.KindNotPicture:
		return errors.Join(err, s.abandon(ctx, l))
	case errors.Is(err, blob.ErrNotFound):
		return s.abandonLost(ctx, l)
	}
	return nil
}

// abandonLost ends an upload whose bytes the store no longer has. That happens after a restore from
// a copy of the bucket, for example. The client has to begin again.
func (s *Uploads) abandonLost(ctx context.Context, l *lock) error {
	err := s.abandon(ctx, l)
	switch {
	case err == nil:
		return goneUpload(l.upload.ID)
	case photo.KindOf(err) == photo.KindConflict: // the row has a newer generation
		return errStopped
	}
	return err
}

// finish makes a photo of staged bytes that are complete. It compares their digest with the
// announced one, makes a blob of them, and calls add to commit the row. With keep the
// staged bytes stay.
func (s *Uploads) finish(ctx context.Context, u store.Upload, staged blob.Staged, keep bool, add func(p photo.Photo, key string) (store.Added, error)) (store.Added, error) {
	p, err := s.recognize(ctx, u, staged)
	if err != nil {
		return store.Added{}, err
	}
	key, err := staged.Commit(ctx, keep)
	if err != nil {
		return store.Added{}, fmt.Errorf("commit bytes: %w", err)
	}
	added, err := add(p, key)
	switch kind := photo.KindOf(err); {
	case kind == photo.KindConflict || kind == photo.KindNotFound || kind == photo.KindForbidden || kind == photo.KindQuota:
		s.deleteBlob(ctx, u.Owner, key) // certainly refused
	case err != nil:
		// The row may exist all the same. If it does not, the sweep finds the bytes.
	case added.Key != key:
		s.deleteBlob(ctx, u.Owner, key) // another upload of the same bytes was first
	}
	return added, err
}

// recognize returns the photo that staged bytes are.
func (s *Uploads) recognize(ctx context.Context, u store.Upload, staged blob.Staged) (photo.Photo, error) {
	id, err := staged.Digest()
	if err != nil {
		return photo.Photo{}, fmt.Errorf("digest: %w", err)
	}
	if !u.Photo.IsZero() && id != u.Photo {
		return photo.Photo{}, &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes are not those of " + u.Photo.Short(), Hint: "the file changed, or the network changed it: send it again"}
	}
	info, err := s.inspect(ctx, staged, staged.Size())
	if err != nil {
		return photo.Photo{}, err
	}
	p := photo.Photo{
		ID: id, Name: u.Name, Size: staged.Size(), MediaType: info.MediaType, Width: info.Width, Height: info.Height,
		TakenAt: info.TakenAt, Camera: info.Camera, Position: info.Position, Shot: info.Shot, Reader: metadata.Version,
		Description: u.Description, DescriptionSource: u.DescriptionSource,
	}
	if !p.TakenAt.IsZero() {
		p.TakenSource = photo.FactEmbedded
	}
	if p.Position != nil {
		p.PositionSource = photo.FactEmbedded
	}
	p.Learn(u.Facts)
	if usesCaption(u, info.Caption) {
		p.Description, p.DescriptionSource = info.Caption, photo.FromEmbedded
	}
	return p, nil
}

// usesCaption reports whether the caption inside a picture becomes its description.
func usesCaption(u store.Upload, caption string) bool {
	return caption != "" && (u.Caption == photo.CaptionFirst || u.Caption == photo.CaptionFallback && u.Description == "")
}

// deleteBlob removes a blob that no row names. If it fails, the sweep removes the blob.
func (s *Uploads) deleteBlob(ctx context.Context, owner, key string) {
	if err := s.blobs.Delete(ctx, owner, key); err != nil {
		s.log.WarnContext(ctx, "a blob could not be removed; the sweep will do it", "key", key, "err", err)
	}
}
