package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// checkChunk is how many digests the database is asked about at once. Their descriptions
// are in memory until they have been used.
const checkChunk = 500

// Check returns what is known about each digest, in the order of ids. It yields each
// result as soon as it has it, because reading photos takes long. After an error it ends.
func (s *Photos) Check(ctx context.Context, by Caller, ids []photo.ID, how photo.Scrutiny) iter.Seq2[photo.Status, error] {
	return func(yield func(photo.Status, error) bool) {
		c := &check{photos: s, owner: by.Owner, how: how, seen: map[photo.ID]photo.State{}}
		if err := validScrutiny(how); err != nil {
			yield(photo.Status{}, err)
			return
		}
		for chunk := range slices.Chunk(ids, checkChunk) {
			statuses, err := s.rows.Check(ctx, by.Owner, chunk)
			if err != nil {
				yield(photo.Status{}, err)
				return
			}
			for _, st := range statuses {
				st, err := c.complete(ctx, st)
				if !yield(st, err) || err != nil {
					return
				}
			}
		}
	}
}

func validScrutiny(how photo.Scrutiny) error {
	switch how {
	case photo.LookAtRow, photo.LookAtSize, photo.LookAtBytes:
		return nil
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("verify: %.40q is neither size nor deep", how)}
}

// check is one call of Check.
type check struct {
	photos *Photos
	owner  string
	how    photo.Scrutiny
	seen   map[photo.ID]photo.State // results of looking at bytes: a photo that is named twice is read once
}

// complete adds to a status what the row does not say: the offset of an unfinished upload,
// and the state of a stored photo's bytes as far as asked.
func (c *check) complete(ctx context.Context, st photo.Status) (_ photo.Status, err error) {
	switch {
	case st.State == photo.Unfinished:
		return c.photos.withOffset(ctx, st)
	case c.how != photo.LookAtRow && (st.State == photo.Stored || st.State == photo.Damaged):
		st.State, err = c.examineOnce(ctx, st)
	}
	if c.how == photo.LookAtBytes { // the client may have left during a long read
		err = errors.Join(err, ctx.Err())
	}
	return st, err
}

func (c *check) examineOnce(ctx context.Context, st photo.Status) (photo.State, error) {
	if state, ok := c.seen[st.ID]; ok {
		return state, nil
	}
	if c.how == photo.LookAtBytes {
		release, err := c.photos.deepChecks.Wait(ctx, c.owner)
		if err != nil {
			return "", err
		}
		defer release()
	}
	state, err := c.photos.examine(ctx, c.owner, st, c.how)
	if err == nil {
		c.seen[st.ID] = state
	}
	return state, err
}

// withOffset fills in how many bytes of an unfinished upload are stored: the staging
// decides, not the row.
func (s *Photos) withOffset(ctx context.Context, st photo.Status) (photo.Status, error) {
	size, err := s.staging.StagedSize(ctx, st.Upload)
	if errors.Is(err, blob.ErrNotFound) {
		return photo.Status{ID: st.ID, State: photo.Absent}, nil
	}
	st.Offset = size
	return st, err
}

// examine looks at the bytes of a stored photo and records the result for the next upload
// of it. Only reading all bytes clears the mark of a damaged photo.
func (s *Photos) examine(ctx context.Context, owner string, st photo.Status, how photo.Scrutiny) (photo.State, error) {
	p, key, err := s.rows.Get(ctx, owner, st.ID, store.Live)
	if photo.KindOf(err) == photo.KindNotFound { // deleted a moment ago
		return photo.Trashed, nil
	}
	if err != nil {
		return "", err
	}
	sound, err := s.integrity.complete(ctx, owner, p, key)
	if err == nil && sound && how == photo.LookAtBytes {
		sound, err = s.integrity.matches(ctx, owner, key, st.ID)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("look at the bytes of %s: %w", st.ID, err)
	case !sound:
		return photo.Damaged, s.integrity.markDamaged(ctx, owner, st.ID, key)
	case st.State == photo.Stored:
		return photo.Stored, nil
	case how == photo.LookAtBytes:
		return photo.Stored, s.integrity.markSound(ctx, owner, st.ID, key)
	}
	return photo.Damaged, nil
}
