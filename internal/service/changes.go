package service

import (
	"context"
	"time"

	"photos/internal/photo"
)

// changePoll is how often a call that waits for changes looks for some. Another process may make
// them, so nothing wakes the call.
const changePoll = time.Second

// Changes returns at most limit changes of the caller's photos after a cursor, see
// store.Store.Changes. If there are none it waits for some, up to the time wait, or until stopping
// returns true.
func (s *Photos) Changes(ctx context.Context, by Caller, after string, limit int, wait time.Duration, stopping func() bool) (photo.Changes, error) {
	page, err := s.rows.Changes(ctx, by.Owner, after, limit)
	if err != nil || len(page.Changes) > 0 || page.More || wait <= 0 {
		return page, err
	}
	release, err := s.waits.Acquire(by.Owner)
	if err != nil {
		return photo.Changes{}, err
	}
	defer release()
	tick := time.NewTicker(min(changePoll, wait))
	defer tick.Stop()
	for until := time.Now().Add(wait); time.Now().Before(until) && !stopping(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return photo.Changes{}, ctx.Err()
		}
		page, err = s.rows.Changes(ctx, by.Owner, page.Cursor, limit)
		if err != nil || len(page.Changes) > 0 || page.More {
			return page, err
		}
	}
	return page, nil
}

// LatestChange returns the cursor after all changes of the caller's photos.
func (s *Photos) LatestChange(ctx context.Context, by Caller) (string, error) {
	return s.rows.LatestChange(ctx, by.Owner)
}
