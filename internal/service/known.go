package service

import (
	"context"
	"errors"
	"slices"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// known settles the creation of a photo that the owner has already; nil means
// that its bytes have to come.
func (s *Uploads) known(ctx context.Context, c Creation) (*store.Added, error) {
	if c.Meta.Photo.IsZero() {
		return nil, nil
	}
	p, key, err := s.Photos.Get(ctx, c.Owner, c.Meta.Photo, store.AnyState)
	if photo.KindOf(err) == photo.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if sound, err := s.looksSound(ctx, c.Owner, p, key); err != nil || !sound {
		return nil, err
	}
	if !p.TrashedAt.IsZero() {
		return s.knownInTrash(ctx, c)
	}
	return s.fill(ctx, c, p, photo.OutcomeExists)
}

// looksSound reports whether a photo's bytes can stand for those of a repeated
// upload. A photo whose bytes are missing is noted, so that new ones are taken.
func (s *Uploads) looksSound(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	whole, err := s.IsWhole(ctx, owner, p, key)
	if err == nil && !whole {
		err = s.NoteDamaged(ctx, owner, p.ID, key)
	}
	if err != nil || !whole {
		return false, err
	}
	st, err := s.Photos.Check(ctx, owner, []photo.ID{p.ID})
	return err == nil && st[0].State != photo.Damaged, err
}

// IsWhole reports whether a photo's bytes are there, as many as there should be.
func (s *Uploads) IsWhole(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	size, err := s.Blobs.Size(ctx, owner, key)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	return size == p.Size, err
}

// NoteDamaged notes that a photo's bytes are not what they should be.
func (s *Uploads) NoteDamaged(ctx context.Context, owner string, id photo.ID, key string) error {
	s.Log.ErrorContext(ctx, "a stored photo's bytes are missing or damaged; uploading it again repairs it", "photo", id, "owner", owner, "key", key)
	return s.Photos.SetDamaged(ctx, owner, id, key, true)
}

func (s *Uploads) knownInTrash(ctx context.Context, c Creation) (*store.Added, error) {
	if slices.Contains(c.Options, store.NoRestore) {
		return nil, store.InTrash(c.Meta.Photo)
	}
	p, err := s.Photos.Restore(ctx, c.Owner, c.Meta.Photo)
	if photo.KindOf(err) == photo.KindNotFound { // its time was over just now
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.fill(ctx, c, p, photo.OutcomeRestored)
}

// fill gives a photo that is there the description of its repeated upload, if it
// has none, and the better date and position.
func (s *Uploads) fill(ctx context.Context, c Creation, p photo.Photo, o photo.Outcome) (*store.Added, error) {
	m := c.Meta
	if learned := p; learned.Learn(m.Facts) {
		var err error
		if p, err = s.Photos.Learn(ctx, c.Owner, m.Photo, m.Facts); err != nil {
			return nil, err
		}
	}
	added := &store.Added{Photo: p, Outcome: o}
	if m.Description == "" || m.Description == p.Description {
		return added, nil
	}
	results, err := s.Photos.Describe(ctx, c.Owner, []store.Description{{ID: m.Photo, Text: m.Description, Source: m.DescriptionSource, OnlyIfEmpty: true}})
	if err != nil {
		return nil, err
	}
	done := results[0]
	if done.Err != nil {
		return nil, done.Err
	}
	added.Photo, added.DescriptionKept = done.Photo, done.Photo.Description != m.Description
	if done.Changed && o == photo.OutcomeExists {
		added.Outcome = photo.OutcomeDescribed
	}
	return added, nil
}
