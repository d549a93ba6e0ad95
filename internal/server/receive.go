package server

import (
	"context"
	"fmt"
	"io"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/store"
)

// bufferSize is how much of a body is copied at once: large enough that one
// stream is not slowed down by it, small enough for many streams.
const bufferSize = 256 << 10

// receive appends body to staged until it ends or breaks; what came before a
// break stays. It refuses what is no picture as soon as the first bytes are
// there, and calls keep (nil: nothing) while bytes come.
func (s *Server) receive(staged blob.Staged, length int64, body io.Reader, keep func() error) error {
	buf, _ := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			if err := appendPiece(staged, length, (*buf)[:n]); err != nil {
				return err
			}
			if keep != nil {
				if err := keep(); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
	}
}

// appendPiece writes p, and looks at the start of the file when p completes it.
func appendPiece(staged blob.Staged, length int64, p []byte) error {
	before, head := staged.Size(), min(length, picture.HeadSize)
	if err := tooMany(int64(len(p)), length-before); err != nil {
		return err
	}
	if _, err := staged.Write(p); err != nil {
		return fmt.Errorf("store bytes: %w", err)
	}
	if before >= head || staged.Size() < head {
		return nil
	}
	start := make([]byte, head)
	if _, err := staged.ReadAt(start, 0); err != nil {
		return fmt.Errorf("look at the first bytes: %w", err)
	}
	if _, ok := picture.Sniff(start); !ok {
		return &photo.Error{Kind: photo.KindNotPicture, Msg: "neither a picture nor a video, by its content", Hint: "the service keeps pictures and videos only"}
	}
	return nil
}

// finish makes a photo of the whole bytes in staged: their digest must be the
// one announced, then they are put into place, then add commits the row.
func (s *Server) finish(ctx context.Context, u store.Upload, staged blob.Staged, add func(ctx context.Context, p photo.Photo, key string) (store.Added, error)) (store.Added, error) {
	p, err := s.recognise(ctx, u, staged)
	if err != nil {
		return store.Added{}, err
	}
	key, err := staged.Commit(ctx, u.Owner)
	if err != nil {
		return store.Added{}, fmt.Errorf("commit bytes: %w", err)
	}
	added, err := add(ctx, p, key)
	switch kind := photo.KindOf(err); {
	case kind == photo.KindConflict || kind == photo.KindNotFound || kind == photo.KindForbidden:
		s.drop(ctx, u.Owner, key) // refused for certain
	case err != nil:
		// The row may be there all the same. If it is not, the sweep finds the bytes.
	case added.Key != key:
		s.drop(ctx, u.Owner, key) // somebody was first with the same bytes
	}
	if u.Description == "" || p.DescriptionSource == photo.FromEmbedded {
		added.DescriptionKept = false // the caption was the picture's, nobody gave it
	}
	return added, err
}

// recognise looks at staged bytes: what photo they are.
func (s *Server) recognise(ctx context.Context, u store.Upload, staged blob.Staged) (photo.Photo, error) {
	id, err := staged.Digest()
	if err != nil {
		return photo.Photo{}, fmt.Errorf("digest: %w", err)
	}
	if !u.Photo.IsZero() && id != u.Photo {
		return photo.Photo{}, &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes are not those of " + u.Photo.Short(), Hint: "the file changed, or the network garbled it: send it again"}
	}
	info, err := s.Inspect(ctx, staged, staged.Size())
	if err != nil {
		return photo.Photo{}, err
	}
	p := photo.Photo{
		ID: id, Name: u.Name, Size: staged.Size(), MediaType: info.MediaType, Width: info.Width, Height: info.Height,
		TakenAt: info.TakenAt, Camera: info.Camera, Position: info.Position,
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

// usesCaption reports whether the caption inside the picture describes it.
func usesCaption(u store.Upload, caption string) bool {
	return caption != "" && (u.Caption == photo.CaptionFirst || u.Caption == photo.CaptionFallback && u.Description == "")
}

// drop removes a blob that no row names. Where it fails the sweep comes by.
func (s *Server) drop(ctx context.Context, owner, key string) {
	if err := s.Blobs.Delete(ctx, owner, key); err != nil {
		s.Log.WarnContext(ctx, "bytes left for the sweep", "key", key, "err", err)
	}
}
