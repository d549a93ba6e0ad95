package service

import (
	"context"

	"photos/internal/photo"
	"photos/internal/store"
)

// duplicate answers the upload of a photo that the owner already has, without its bytes.
// It returns nil when the bytes are needed.
func (s *Uploads) duplicate(ctx context.Context, c Creation) (*store.Added, error) {
	if c.Meta.Photo.IsZero() {
		return nil, nil
	}
	p, key, err := s.photos.Get(ctx, c.Owner, c.Meta.Photo, store.AnyState)
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
		return s.restoreDuplicate(ctx, c)
	}
	return s.fill(ctx, c, p, photo.OutcomeExists)
}

// looksSound reports whether a photo's bytes can replace those of a repeated upload. It
// marks a photo whose bytes are missing as damaged, so that new ones are accepted.
func (s *Uploads) looksSound(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	whole, err := s.integrity.complete(ctx, owner, p, key)
	if err == nil && !whole {
		err = s.integrity.markDamaged(ctx, owner, p.ID, key)
	}
	if err != nil || !whole {
		return false, err
	}
	st, err := s.photos.Check(ctx, owner, []photo.ID{p.ID})
	return err == nil && st[0].State != photo.Damaged, err
}

// restoreDuplicate takes the photo of a repeated upload out of the trash.
func (s *Uploads) restoreDuplicate(ctx context.Context, c Creation) (*store.Added, error) {
	if c.Check(MayChange) != nil {
		return nil, store.InTrash(c.Meta.Photo)
	}
	p, err := s.photos.Restore(ctx, c.Owner, c.Meta.Photo)
	if photo.KindOf(err) == photo.KindNotFound { // it was purged just now
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.fill(ctx, c, p, photo.OutcomeRestored)
}

// fill gives a stored photo the description of its repeated upload, if it has none, and
// the better date and position.
func (s *Uploads) fill(ctx context.Context, c Creation, p photo.Photo, o photo.Outcome) (*store.Added, error) {
	m := c.Meta
	if learned := p; learned.Learn(m.Facts) {
		var err error
		if p, err = s.photos.Learn(ctx, c.Owner, m.Photo, m.Facts); err != nil {
			return nil, err
		}
	}
	added := &store.Added{Photo: p, Outcome: o}
	if m.Description == "" || m.Description == p.Description {
		return added, nil
	}
	results, err := s.photos.Describe(ctx, c.Owner, []store.Description{{ID: m.Photo, Text: m.Description, Source: m.DescriptionSource, OnlyIfEmpty: true}})
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
