package service

import (
	"context"
	"errors"
	"fmt"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/thumb"
)

// Renditions makes small pictures of photos and keeps them. A photo is named by its owner
// and by the key of its bytes.
type Renditions interface {
	// Get returns a JPEG. Its errors are those of thumb.Cache.
	Get(ctx context.Context, owner, key, mediaType string, size int, open func(context.Context) (thumb.Source, error)) ([]byte, error)
	// Forget removes the pictures of a photo whose bytes are gone.
	Forget(owner, key string) error
}

// Thumbnail returns a JPEG of a live photo whose longer side has at most size pixels, one
// of thumb.Sizes. It fails with photo.KindNoRendition when the photo cannot be decoded.
func (s *Photos) Thumbnail(ctx context.Context, by Caller, id photo.ID, size int) ([]byte, error) {
	p, key, err := s.rows.Get(ctx, by.Owner, id, store.Live)
	if err != nil {
		return nil, err
	}
	err = thumb.ErrUnsupported
	var picture []byte
	if s.renditions != nil {
		picture, err = s.renditions.Get(ctx, by.Owner, key, p.MediaType, size, func(ctx context.Context) (thumb.Source, error) {
			_, bytes, err := s.Open(ctx, by, id)
			return bytes, err
		})
	}
	if errors.Is(err, thumb.ErrUnsupported) || errors.Is(err, thumb.ErrRefused) {
		return nil, &photo.Error{
			Kind: photo.KindNoRendition, Msg: fmt.Sprintf("there is no small picture of photo %s (%s)", p.ID.Short(), p.MediaType),
			Hint: "the service cannot decode it; photos download gets the photo itself", Err: err,
		}
	}
	return picture, err
}
