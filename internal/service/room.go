package service

import (
	"context"
	"errors"
	"fmt"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// room refuses an upload of size bytes when the disk has no room for it and for what the owner
// announced before. Announcing costs nothing, so without this anybody could announce petabytes.
func (s *Uploads) room(ctx context.Context, owner string, id photo.ID, size int64) error {
	if s.Free == nil {
		return nil
	}
	free, known := s.Free()
	if !known {
		return nil
	}
	if size > free {
		return &photo.Error{Kind: photo.KindStorageFull, Msg: fmt.Sprintf("%d bytes are announced and %d are free", size, free)}
	}
	pending, err := s.Rows.Uploads(ctx, owner)
	if err != nil {
		return err
	}
	missing, err := s.missing(ctx, pending, id, free-size)
	if err == nil && missing > free-size {
		err = &photo.Error{
			Kind: photo.KindQuota, Msg: fmt.Sprintf("your unfinished uploads need %d bytes, and the service has %d bytes free", missing, free),
			Hint: "finish them, or wait until they expire",
		}
	}
	return err
}

// missing returns how many bytes of uploads under way are still to come, those of the photo id aside,
// which may be the very upload that is begun. Files are looked at only where the sum exceeds enough.
func (s *Uploads) missing(ctx context.Context, pending []store.Pending, id photo.ID, enough int64) (int64, error) {
	var sum int64
	for _, u := range pending {
		if id.IsZero() || u.Photo != id {
			sum += u.Length
		}
	}
	if sum <= enough {
		return sum, nil
	}
	for _, u := range pending {
		if !id.IsZero() && u.Photo == id {
			continue
		}
		here, err := s.Staging.StagedSize(ctx, u.ID)
		if err != nil && !errors.Is(err, blob.ErrNotFound) {
			return 0, err
		}
		sum -= here
	}
	return sum, nil
}
