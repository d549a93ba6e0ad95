package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// checkSpace refuses a photo of size bytes if the disk has no space for it.
func (s *Uploads) checkSpace(size int64) error {
	if free, known := s.freeSpace(); known && size > free {
		return &photo.Error{Kind: photo.KindStorageFull, Msg: fmt.Sprintf("the photo has %d bytes, and %d are free", size, free)}
	}
	return nil
}

// freeSpace returns how many bytes the disk still takes, if that is known.
func (s *Uploads) freeSpace() (bytes int64, known bool) {
	if s.free == nil {
		return 0, false
	}
	return s.free()
}

// checkAnnounced refuses an upload of size bytes, which come in later requests, if the disk
// has no space for it together with the unfinished uploads of the owner. Announcing a size
// costs nothing, so without this check anyone could announce petabytes.
func (s *Uploads) checkAnnounced(ctx context.Context, owner string, id photo.ID, size int64) error {
	free, known := s.freeSpace()
	if !known {
		return nil
	}
	pending, err := s.rows.Uploads(ctx, owner)
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

// missing returns how many bytes of unfinished uploads are still to come. It leaves out one
// upload of the photo id, which the one that begins may be a retry of. It looks at files only
// if the sum exceeds enough.
func (s *Uploads) missing(ctx context.Context, pending []store.Pending, id photo.ID, enough int64) (int64, error) {
	if at := slices.IndexFunc(pending, func(u store.Pending) bool { return !id.IsZero() && u.Photo == id }); at >= 0 {
		pending = slices.Delete(pending, at, at+1)
	}
	var sum int64
	for _, u := range pending {
		sum += u.Length
	}
	if sum <= enough {
		return sum, nil
	}
	for _, u := range pending {
		here, err := s.staging.StagedSize(ctx, u.ID)
		if err != nil && !errors.Is(err, blob.ErrNotFound) {
			return 0, err
		}
		sum -= here
	}
	return sum, nil
}
