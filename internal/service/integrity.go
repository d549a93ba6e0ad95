package service

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"

	"photos/internal/blob"
	"photos/internal/photo"
)

// DamageRows is where damaged photos are marked.
type DamageRows interface {
	SetDamaged(ctx context.Context, owner string, id photo.ID, key string, damaged bool) error
}

// integrity compares the bytes of stored photos with their rows.
type integrity struct {
	rows  DamageRows
	blobs blob.Store
	log   *slog.Logger
}

// complete reports whether the bytes of a photo exist, as many as there should be.
func (s integrity) complete(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	size, err := s.blobs.Size(ctx, owner, key)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	return size == p.Size, err
}

// matches reads all bytes of a photo and reports whether they have its digest.
func (s integrity) matches(ctx context.Context, owner, key string, id photo.ID) (bool, error) {
	r, err := s.blobs.Open(ctx, owner, key)
	if err != nil {
		return false, err
	}
	defer r.Close()
	sum, buf := sha256.New(), make([]byte, bufferSize)
	for ctx.Err() == nil {
		n, err := r.Read(buf)
		sum.Write(buf[:n])
		if err == io.EOF { //nolint:errorlint // the one value io.Reader promises
			return photo.ID(sum.Sum(nil)) == id, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// markDamaged records that the bytes of a photo are not what they should be.
func (s integrity) markDamaged(ctx context.Context, owner string, id photo.ID, key string) error {
	s.log.ErrorContext(ctx, "a stored photo's bytes are missing or damaged; uploading it again repairs it", "photo", id, "owner", owner, "key", key)
	return s.rows.SetDamaged(ctx, owner, id, key, true)
}

// markSound records that the bytes of a photo are not damaged after all.
func (s integrity) markSound(ctx context.Context, owner string, id photo.ID, key string) error {
	return s.rows.SetDamaged(ctx, owner, id, key, false)
}
