package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// shareColumns are the columns that scanShare reads.
const shareColumns = `l.id, l.title, l.created_at, l.expires_at, l.revoked_at, l.revoked_at IS NOT NULL OR l.expires_at <= clock(),
	l.originals, l.live, l.search, l.sorted_by`

// countShared counts the photos of a share that are in a state.
const countShared = `(SELECT COUNT(*) FROM share_photo s JOIN photo p ON p.number = s.photo WHERE s.hash = l.hash AND p.state = ?)`

// scanShare reads shareColumns, and after them whatever else the query selects.
func scanShare(row scanner, after ...any) (photo.Share, error) {
	var s photo.Share
	var created, expires int64
	var revoked sql.NullInt64
	err := row.Scan(append([]any{&s.ID, &s.Title, &created, &expires, &revoked, &s.Ended, &s.Originals, &s.Live, &s.Search, &s.By}, after...)...)
	if err != nil {
		return photo.Share{}, err
	}
	s.CreatedAt, s.ExpiresAt, s.RevokedAt = time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC(), fromMicros(revoked)
	return s, nil
}

// CreateShare implements store.Store.
func (db *DB) CreateShare(ctx context.Context, owner string, s photo.Share, hash store.ShareHash, photos []photo.ID) (photo.Share, error) {
	var made photo.Share
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		if made, err = tx.ownShare(ctx, owner, hash); !errors.Is(err, sql.ErrNoRows) {
			return err // without an error the share is there
		}
		if err := tx.mayCreateShare(ctx, owner, s); err != nil {
			return err
		}
		if err := tx.forgetEndedShares(ctx, owner); err != nil {
			return err
		}
		made = s
		made.CreatedAt, made.RevokedAt, made.Photos = time.UnixMicro(tx.now).UTC(), time.Time{}, int64(len(photos))
		_, err = tx.exec(ctx, `INSERT INTO share_link (hash, id, owner, title, created_at, expires_at, originals, live, search, sorted_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash[:], s.ID, owner, s.Title, tx.now, s.ExpiresAt.UnixMicro(), flag(s.Originals), flag(s.Live), s.Search, string(s.By))
		if err != nil {
			return err
		}
		return tx.addShared(ctx, owner, hash, photos)
	})
	if err != nil {
		return photo.Share{}, fmt.Errorf("create share: %w", err)
	}
	return made, nil
}

// ownShare returns the share of an owner with a hash, or sql.ErrNoRows. Other transactions that
// create a share of this owner wait for this one.
func (t *txn) ownShare(ctx context.Context, owner string, hash store.ShareHash) (photo.Share, error) {
	if err := t.lockOwner(ctx, owner); err != nil {
		return photo.Share{}, err
	}
	var photos int64
	s, err := scanShare(t.row(ctx, `SELECT `+shareColumns+`, `+countShared+` FROM share_link l WHERE l.owner = ? AND l.hash = ?`, live, owner, hash[:]), &photos)
	s.Photos = photos
	return s, err
}

func (t *txn) mayCreateShare(ctx context.Context, owner string, s photo.Share) error {
	if s.ExpiresAt.UnixMicro() <= t.now {
		return t.refuse(&photo.Error{Kind: photo.KindUsage, Msg: "the link would already have expired", Hint: "give a later time"})
	}
	var shares int
	err := t.row(ctx, `SELECT COUNT(*) FROM share_link WHERE owner = ? AND revoked_at IS NULL AND expires_at > ?`, owner, t.now).Scan(&shares)
	if err == nil && shares >= photo.MaxShares {
		err = t.refuse(&photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("you already have %d links, which is the limit", shares), Hint: "revoke links that are not used"})
	}
	return err
}

// forgetEndedShares removes the oldest of too many shares that have ended. Otherwise an owner who makes
// and revokes shares all the time would fill the database.
func (t *txn) forgetEndedShares(ctx context.Context, owner string) error {
	const some = 10 // more than one, so that the number also falls
	const query = `SELECT hash FROM share_link WHERE owner = ? AND (revoked_at IS NOT NULL OR expires_at <= ?) ORDER BY created_at DESC, id LIMIT ? OFFSET ?`
	_, err := t.deleteShares(ctx, query, owner, t.now, some, photo.MaxEndedShares)
	return err
}

// deleteShares removes the shares whose hashes a query finds, and returns how many there were.
func (t *txn) deleteShares(ctx context.Context, query string, args ...any) (int, error) {
	var hashes [][]byte
	err := t.each(ctx, query, args, func(row scanner) error {
		var hash []byte
		err := row.Scan(&hash)
		hashes = append(hashes, hash)
		return err
	})
	for _, hash := range hashes {
		if err == nil {
			_, err = t.exec(ctx, `DELETE FROM share_link WHERE hash = ?`, hash)
		}
	}
	return len(hashes), err
}

// sharedAtOnce is how many photos one statement adds to a share.
const sharedAtOnce = 100

// addShared adds photos to a share. The statements have one of two lengths, so that they are
// prepared only once.
func (t *txn) addShared(ctx context.Context, owner string, hash store.ShareHash, photos []photo.ID) error {
	for at := 0; at < len(photos); {
		n := sharedAtOnce
		if len(photos)-at < n {
			n = 1
		}
		numbers, err := t.numbers(ctx, owner, photos[at:at+n])
		if err != nil {
			return err
		}
		var args []any
		for i, id := range photos[at : at+n] {
			number, ok := numbers[id]
			if !ok {
				return t.refuse(noPhoto(id))
			}
			args = append(args, hash[:], at+i+1, number)
		}
		_, err = t.exec(ctx, `INSERT INTO share_photo (hash, position, photo) VALUES (?, ?, ?)`+strings.Repeat(", (?, ?, ?)", n-1), args...)
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// numbers returns the numbers of live photos. The lock keeps them from being purged meanwhile.
func (t *txn) numbers(ctx context.Context, owner string, photos []photo.ID) (map[photo.ID]int64, error) {
	args := []any{owner, live}
	for _, id := range photos {
		args = append(args, id[:])
	}
	numbers := map[photo.ID]int64{}
	query := `SELECT id, number FROM photo WHERE owner = ? AND state = ? AND id IN (?` + strings.Repeat(", ?", len(photos)-1) + `) FOR UPDATE`
	err := t.each(ctx, query, args, func(row scanner) error {
		var digest []byte
		var number int64
		err := row.Scan(&digest, &number)
		var id photo.ID
		copy(id[:], digest)
		numbers[id] = number
		return err
	})
	return numbers, err
}

// Shares implements store.Store.
func (db *DB) Shares(ctx context.Context, owner string) ([]photo.Share, error) {
	const query = `SELECT ` + shareColumns + `, ` + countShared + ` FROM share_link l WHERE l.owner = ?
		ORDER BY CASE WHEN l.revoked_at IS NOT NULL OR l.expires_at <= clock() THEN 1 ELSE 0 END, l.created_at DESC, l.id LIMIT ?`
	var shares []photo.Share
	err := db.each(ctx, query, []any{live, owner, photo.MaxListedShares}, func(row scanner) error {
		var photos int64
		s, err := scanShare(row, &photos)
		s.Photos = photos
		shares = append(shares, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", failure(err))
	}
	return shares, nil
}

// RevokeShare implements store.Store.
func (db *DB) RevokeShare(ctx context.Context, owner, id string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		err := tx.row(ctx, `SELECT id FROM share_link WHERE owner = ? AND id = ? FOR UPDATE`, owner, id).Scan(new(string))
		if errors.Is(err, sql.ErrNoRows) {
			return tx.refuse(&photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no link %.40q", id), Hint: "the page Shares lists your links"})
		}
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE share_link SET revoked_at = ? WHERE owner = ? AND id = ? AND revoked_at IS NULL AND expires_at > ?`, tx.now, owner, id, tx.now)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke share: %w", err)
	}
	return nil
}

// selectShare finds a share. Every request of a shared page and its pictures runs it.
const selectShare = `SELECT ` + shareColumns + `, o.id, o.disabled_at IS NOT NULL FROM share_link l JOIN owner o ON o.id = l.owner WHERE l.hash = ?`

// Share implements store.Store.
func (db *DB) Share(ctx context.Context, hash store.ShareHash) (store.ShareUse, error) {
	var u store.ShareUse
	s, err := scanShare(db.row(ctx, selectShare, hash[:]), &u.Owner, &u.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ShareUse{}, &photo.Error{Kind: photo.KindNotFound, Msg: "no such link"}
	}
	if err != nil {
		return store.ShareUse{}, fmt.Errorf("find share: %w", failure(err))
	}
	u.Share = s
	return u, nil
}

// SharedPhotos implements store.Store.
func (db *DB) SharedPhotos(ctx context.Context, hash store.ShareHash, after int64, limit int) (store.SharedPage, error) {
	photos, positions, more, err := db.sharedFrom(ctx, hash, after, toAfter, limit)
	if err != nil {
		return store.SharedPage{}, fmt.Errorf("photos of a share: %w", err)
	}
	page := store.SharedPage{Photos: photos}
	if more {
		page.Next = positions[len(positions)-1]
	}
	if after > 0 && len(positions) > 0 {
		page.Prev = positions[0]
	}
	return page, nil
}

// SharedBefore implements store.Store.
func (db *DB) SharedBefore(ctx context.Context, hash store.ShareHash, before int64, limit int) (store.SharedPage, error) {
	photos, positions, more, err := db.sharedFrom(ctx, hash, before, toBefore, limit)
	if err != nil {
		return store.SharedPage{}, fmt.Errorf("photos of a share: %w", err)
	}
	page := store.SharedPage{Photos: photos}
	slices.Reverse(page.Photos)
	if more {
		page.Prev = positions[len(positions)-1]
	}
	if len(positions) > 0 {
		page.Next = positions[0]
	}
	return page, nil
}

// The conditions and the order of the two directions in a share.
const (
	toAfter  = `position > ? AND state = ? ORDER BY position ASC LIMIT ?`
	toBefore = `position < ? AND state = ? ORDER BY position DESC LIMIT ?`
)

// sharedFrom returns at most limit live photos of a share from a position on in one direction, their
// positions, and whether there are more.
func (db *DB) sharedFrom(ctx context.Context, hash store.ShareHash, from int64, direction string, limit int) (photos []photo.Photo, positions []int64, more bool, err error) {
	query := `SELECT ` + columns + `, position FROM share_photo JOIN photo ON photo.number = share_photo.photo WHERE hash = ? AND ` + direction
	err = db.each(ctx, query, []any{hash[:], from, live, limit + 1}, func(row scanner) error {
		if more = len(photos) == limit; more {
			return errEnough
		}
		var position int64
		r, err := scanPhoto(scanMore{row, []any{&position}})
		photos, positions = append(photos, r.Photo), append(positions, position)
		return err
	})
	return photos, positions, more, failure(err)
}

// scanMore is a row of which columns more are read after those that the caller asks for.
type scanMore struct {
	scanner
	more []any
}

// Scan implements scanner.
func (r scanMore) Scan(dest ...any) error { return r.scanner.Scan(append(dest, r.more...)...) }

// selectShared finds a photo of a share.
const selectShared = `SELECT ` + columns + `, position FROM photo JOIN share_photo ON share_photo.photo = photo.number
	WHERE owner = ? AND id = ? AND hash = ? AND state = 0`

// shared returns a live photo of a share and its position.
func (db *DB) shared(ctx context.Context, owner string, hash store.ShareHash, id photo.ID) (r record, position int64, err error) {
	r, err = scanPhoto(scanMore{db.row(ctx, selectShared, owner, id[:], hash[:]), []any{&position}})
	if errors.Is(err, sql.ErrNoRows) {
		return r, 0, noPhoto(id)
	}
	return r, position, failure(err)
}

// SharedPhoto implements store.Store.
func (db *DB) SharedPhoto(ctx context.Context, owner string, hash store.ShareHash, id photo.ID) (photo.Photo, error) {
	r, _, err := db.shared(ctx, owner, hash, id)
	if err != nil {
		return photo.Photo{}, fmt.Errorf("photo of a share: %w", err)
	}
	return r.Photo, nil
}

// SharedNeighbors implements store.Store.
func (db *DB) SharedNeighbors(ctx context.Context, owner string, hash store.ShareHash, id photo.ID) (before, after photo.ID, err error) {
	_, position, err := db.shared(ctx, owner, hash, id)
	if err == nil {
		before, err = db.sharedNext(ctx, hash, position, toBefore)
	}
	if err == nil {
		after, err = db.sharedNext(ctx, hash, position, toAfter)
	}
	if err != nil {
		return before, after, fmt.Errorf("neighbors in a share: %w", err)
	}
	return before, after, nil
}

// sharedNext returns the next live photo of a share in one direction, or none.
func (db *DB) sharedNext(ctx context.Context, hash store.ShareHash, position int64, direction string) (id photo.ID, err error) {
	var digest []byte
	query := `SELECT id FROM share_photo JOIN photo ON photo.number = share_photo.photo WHERE hash = ? AND ` + direction
	err = db.row(ctx, query, hash[:], position, live, 1).Scan(&digest)
	if errors.Is(err, sql.ErrNoRows) {
		return id, nil
	}
	copy(id[:], digest)
	return id, failure(err)
}

// Match implements store.Store.
func (db *DB) Match(ctx context.Context, owner string, f photo.Filter, id photo.ID) (photo.Photo, error) {
	l, err := newListing(owner, f, "", "")
	if err != nil {
		return photo.Photo{}, fmt.Errorf("match: %w", err)
	}
	q := &query{}
	q.where(selectPhoto, owner, id[:])
	q.where(`state = ?`, l.state)
	if l.rest.text != "" {
		q.where(l.rest.text, l.rest.args...)
	}
	r, err := scanPhoto(db.row(ctx, q.text, q.args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = noPhoto(id)
	}
	if err != nil {
		return photo.Photo{}, fmt.Errorf("match: %w", failure(err))
	}
	return r.Photo, nil
}

// ForgetShares implements store.Store.
func (db *DB) ForgetShares(ctx context.Context, keep time.Duration, limit int) (n int, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		const query = `SELECT hash FROM share_link WHERE expires_at <= ? OR revoked_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`
		n, err = tx.deleteShares(ctx, query, tx.now-micros(keep), tx.now-micros(keep), limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget shares: %w", err)
	}
	return n, nil
}
