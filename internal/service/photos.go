package service

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// LibraryRows is what Photos needs of the metadata store.
type LibraryRows interface {
	Get(ctx context.Context, owner string, id photo.ID, s store.Scope) (photo.Photo, string, error)
	List(ctx context.Context, owner string, f photo.Filter, cursor string, limit int) (photo.Page, error)
	ListBefore(ctx context.Context, owner string, f photo.Filter, cursor string, limit int) (photo.Page, error)
	Neighbors(ctx context.Context, owner string, f photo.Filter, id photo.ID) (newer, older photo.ID, err error)
	Check(ctx context.Context, owner string, ids []photo.ID) ([]photo.Status, error)
	Describe(ctx context.Context, owner string, items []store.Description) ([]store.Described, error)
	Edit(ctx context.Context, owner string, edits []photo.Edit) ([]store.Described, error)
	Tags(ctx context.Context, owner, after string, limit int) ([]photo.Tally, error)
	Stats(ctx context.Context, owner string) (photo.Stats, error)
	Changes(ctx context.Context, owner, after string, limit int) (photo.Changes, error)
	LatestChange(ctx context.Context, owner string) (string, error)
	History(ctx context.Context, owner string, id photo.ID) (photo.History, error)
	Undo(ctx context.Context, owner string, id photo.ID, to int64, ifVersion *int64) (photo.Photo, error)
	Trash(ctx context.Context, owner string, id photo.ID, purgeAfter time.Duration) (photo.Photo, error)
	TrashMany(ctx context.Context, owner string, ids []photo.ID, purgeAfter time.Duration) (n int, at time.Time, err error)
	Restore(ctx context.Context, owner string, id photo.ID) (photo.Photo, error)
	RestoreTrashed(ctx context.Context, owner string, at time.Time, limit int) (int, error)
	PurgePhoto(ctx context.Context, owner string, id photo.ID) (photo.Photo, []store.Blob, error)
}

// Photos are the photos that owners have stored.
type Photos struct {
	rows      LibraryRows
	blobs     blob.Store
	staging   blob.Staging
	integrity integrity
	link      func(ctx context.Context, owner, key, mediaType, disposition string) (string, error)

	renditions *renditions
	looks      LookRows

	trashFor   time.Duration
	searchTime time.Duration
	searches   *Limiter
	deepChecks *Limiter
	waits      *Limiter
}

// newPhotos also sets how many costly calls run at the same time. A search keeps a
// processor and one of the database's readers busy. A deep check keeps a processor and
// the disk busy.
func newPhotos(c Config, checked integrity, small *renditions) *Photos {
	const most = 4
	processors := runtime.GOMAXPROCS(0)
	searches := max(2, min(processors, most))
	return &Photos{
		rows: c.Store, blobs: c.Blobs, staging: c.Staging, integrity: checked, link: c.Link, renditions: small, looks: c.Store,
		trashFor: c.Limits.TrashFor, searchTime: c.Limits.SearchTime,
		searches:   NewLimiter("searches", searches, searches/2),
		deepChecks: NewLimiter("deep checks", max(2, min(processors/2, most)), 1),
		waits:      NewLimiter("requests that wait for changes", 10_000, 16),
	}
}

// SearchLimit returns how many searches run at the same time, and how many of them may be
// one owner's.
func (s *Photos) SearchLimit() (total, share int) { return s.searches.Size() }

// List returns a page of at most limit photos, after cursor. If it has to search through
// all photos of the owner, it needs a free slot and has limited time.
func (s *Photos) List(ctx context.Context, by Caller, f photo.Filter, cursor string, limit int) (page photo.Page, err error) {
	err = s.search(ctx, by, f, func(ctx context.Context) error {
		page, err = s.rows.List(ctx, by.Owner, f, cursor, limit)
		return err
	})
	return page, err
}

// ListBefore returns the at most limit photos just before cursor. It is limited like List.
func (s *Photos) ListBefore(ctx context.Context, by Caller, f photo.Filter, cursor string, limit int) (page photo.Page, err error) {
	err = s.search(ctx, by, f, func(ctx context.Context) error {
		page, err = s.rows.ListBefore(ctx, by.Owner, f, cursor, limit)
		return err
	})
	return page, err
}

// Neighbors returns the photos next to a photo in the list of a filter, the newer and the
// older one. At an end of the list an ID is zero. It is limited like List.
func (s *Photos) Neighbors(ctx context.Context, by Caller, f photo.Filter, id photo.ID) (newer, older photo.ID, err error) {
	err = s.search(ctx, by, f, func(ctx context.Context) error {
		newer, older, err = s.rows.Neighbors(ctx, by.Owner, f, id)
		return err
	})
	return newer, older, err
}

// search runs a query with a filter, in a slot and within a time if it may have to look at
// all photos of the owner.
func (s *Photos) search(ctx context.Context, by Caller, f photo.Filter, do func(context.Context) error) error {
	if f.Search == "" && !f.Undescribed {
		return do(ctx)
	}
	release, err := s.searches.Acquire(by.Owner)
	if err != nil {
		return err
	}
	defer release()
	return s.inTime(ctx, narrowIt, do)
}

const narrowIt = "narrow it: use fewer words, or a time with --since and --until"

// inTime runs a query that has to end within the time of a search. hint says what to do about one that
// takes longer.
func (s *Photos) inTime(ctx context.Context, hint string, do func(context.Context) error) error {
	timed, cancel := context.WithTimeout(ctx, s.searchTime)
	defer cancel()
	err := do(timed)
	if err != nil && ctx.Err() == nil && timed.Err() != nil {
		return &photo.Error{
			Kind: photo.KindSearchTimeout, Msg: fmt.Sprintf("the search was not finished within %s", s.searchTime),
			Hint: hint, Err: err,
		}
	}
	return err
}

// Get returns a live photo.
func (s *Photos) Get(ctx context.Context, by Caller, id photo.ID) (photo.Photo, error) {
	p, _, err := s.rows.Get(ctx, by.Owner, id, store.Live)
	return p, err
}

// Open returns a live photo and its bytes, which the caller closes.
func (s *Photos) Open(ctx context.Context, by Caller, id photo.ID) (photo.Photo, blob.Reader, error) {
	p, key, err := s.rows.Get(ctx, by.Owner, id, store.Live)
	if err != nil {
		return p, nil, err
	}
	r, err := s.blobs.Open(ctx, by.Owner, key)
	if errors.Is(err, blob.ErrNotFound) {
		err = errors.Join(err, s.integrity.markDamaged(ctx, by.Owner, id, key))
	}
	if err != nil {
		return p, nil, fmt.Errorf("bytes of photo %s: %w", id, err)
	}
	return p, r, nil
}

// Link returns a live photo and an address at which its bytes can be read for a while,
// with a disposition that depends on the photo. The address is empty if the bytes have to
// be read with Open.
func (s *Photos) Link(ctx context.Context, by Caller, id photo.ID, disposition func(photo.Photo) string) (photo.Photo, string, error) {
	if s.link == nil {
		return photo.Photo{}, "", nil
	}
	p, key, err := s.rows.Get(ctx, by.Owner, id, store.Live)
	if err != nil {
		return p, "", err
	}
	if _, err = s.blobs.Size(ctx, by.Owner, key); errors.Is(err, blob.ErrNotFound) {
		err = errors.Join(err, s.integrity.markDamaged(ctx, by.Owner, id, key))
	}
	if err != nil {
		return p, "", fmt.Errorf("bytes of photo %s: %w", id, err)
	}
	address, err := s.link(ctx, by.Owner, key, p.MediaType, disposition(p))
	return p, address, err
}

// Trash deletes a photo. It can be restored until photo.Photo.PurgeAt.
func (s *Photos) Trash(ctx context.Context, by Caller, id photo.ID) (photo.Photo, error) {
	return s.rows.Trash(ctx, by.Owner, id, s.trashFor)
}

// TrashMany deletes photos. It returns how many these were, and the moment with which
// RestoreTrashed restores them. Photos that are not live are left alone.
func (s *Photos) TrashMany(ctx context.Context, by Caller, ids []photo.ID) (n int, at time.Time, err error) {
	return s.rows.TrashMany(ctx, by.Owner, ids, s.trashFor)
}

// RestoreTrashed takes those photos out of the trash that one TrashMany moved there, and returns
// how many these were.
func (s *Photos) RestoreTrashed(ctx context.Context, by Caller, at time.Time) (int, error) {
	return s.rows.RestoreTrashed(ctx, by.Owner, at, photo.MaxDescribe)
}

// Restore takes a photo out of the trash. A live photo is left alone.
func (s *Photos) Restore(ctx context.Context, by Caller, id photo.ID) (photo.Photo, error) {
	return s.rows.Restore(ctx, by.Owner, id)
}

// Purge removes a photo in the trash and its bytes now, and returns the photo as it was. If this
// process ends in between, a sweep finds the bytes.
func (s *Photos) Purge(ctx context.Context, by Caller, id photo.ID) (photo.Photo, error) {
	p, gone, err := s.rows.PurgePhoto(ctx, by.Owner, id)
	if err != nil {
		return photo.Photo{}, err
	}
	ctx = context.WithoutCancel(ctx) // the row is gone, so nobody can ask again
	for _, b := range gone {
		err = errors.Join(err, s.blobs.Delete(ctx, b.Owner, b.Key))
	}
	if err != nil {
		return photo.Photo{}, fmt.Errorf("delete the bytes of photo %s: %w", id, err)
	}
	return p, nil
}

// purgedAtOnce is how many photos EmptyTrash lists before it removes them.
const purgedAtOnce = 500

// EmptyTrash removes the photos that were in the trash at a moment, and their bytes. It begins no
// other photo after end, and returns how many it removed and whether these were all.
func (s *Photos) EmptyTrash(ctx context.Context, by Caller, until, end time.Time) (n int, all bool, err error) {
	for cursor := ""; ; {
		page, err := s.rows.List(ctx, by.Owner, photo.Filter{Trash: true}, cursor, purgedAtOnce)
		if err != nil {
			return n, false, err
		}
		for _, p := range page.Photos {
			if p.TrashedAt.After(until) {
				continue
			}
			if time.Now().After(end) {
				return n, false, nil
			}
			_, err := s.Purge(ctx, by, p.ID)
			switch {
			case err == nil:
				n++
			case photo.KindOf(err) != photo.KindNotFound && photo.KindOf(err) != photo.KindConflict: // these were purged or restored meanwhile
				return n, false, err
			}
		}
		if cursor = page.Next; cursor == "" {
			return n, true, nil
		}
	}
}
