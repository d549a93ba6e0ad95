package sqldb

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
)

// newEpoch returns the name of a history of changes. It is random, so that no two are the same.
func newEpoch() int64 { return rand.Int64N(1<<62) + 1 }

// A feedCursor is a place in the feed of an owner.
type feedCursor struct {
	epoch  int64
	number int64 // of the last change that was read
	floor  int64 // deletions up to this number had been forgotten when the reading began
}

const feedCursorSize = 3 * 8

func (c feedCursor) String() string {
	b := make([]byte, 0, feedCursorSize)
	for _, n := range []int64{c.epoch, c.number, c.floor} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseFeedCursor reads what String wrote.
func parseFeedCursor(s string) (feedCursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != feedCursorSize {
		return feedCursor{}, &photo.Error{Kind: photo.KindUsage, Msg: "the cursor is not one of changes", Hint: "start without a cursor"}
	}
	at := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[i:])) }
	return feedCursor{epoch: at(0), number: at(8), floor: at(16)}, nil
}

// feedState is what the owner's row says about the feed.
type feedState struct{ changes, forgotten, epoch int64 }

const selectFeedState = `SELECT changes, forgotten, epoch FROM owner WHERE id = ?`

// knows reports whether nothing after the cursor was forgotten.
func (s feedState) knows(c feedCursor) bool {
	return c.epoch == s.epoch && c.number <= s.changes && max(c.number, c.floor) >= s.forgotten
}

// Changes implements store.Store.
func (db *DB) Changes(ctx context.Context, owner, after string, limit int) (photo.Changes, error) {
	changes, err := db.changes(ctx, owner, after, limit)
	if err != nil {
		return photo.Changes{}, fmt.Errorf("changes: %w", failure(err))
	}
	return changes, nil
}

func (db *DB) changes(ctx context.Context, owner, after string, limit int) (page photo.Changes, err error) {
	var at feedCursor
	if after != "" {
		if at, err = parseFeedCursor(after); err != nil {
			return page, err
		}
	}
	err = db.inSnapshot(ctx, func(snapshot *reading) error {
		var s feedState
		err := snapshot.row(selectFeedState, owner).Scan(&s.changes, &s.forgotten, &s.epoch)
		if errors.Is(err, sql.ErrNoRows) {
			return noOwner(owner)
		}
		if err != nil {
			return err
		}
		if after == "" {
			at = feedCursor{epoch: s.epoch, floor: s.forgotten}
		}
		if !s.knows(at) {
			return forgottenChanges(at, s)
		}
		page, err = snapshot.feed(owner, at, s, limit)
		return err
	})
	var ahead *aheadError
	if errors.As(err, &ahead) {
		err = errors.Join(err, db.beginEpoch(ctx, owner, at.epoch))
	}
	return page, err
}

// LatestChange implements store.Store.
func (db *DB) LatestChange(ctx context.Context, owner string) (string, error) {
	var s feedState
	err := db.row(ctx, selectFeedState, owner).Scan(&s.changes, &s.forgotten, &s.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", noOwner(owner)
	}
	if err != nil {
		return "", fmt.Errorf("latest change: %w", failure(err))
	}
	return feedCursor{epoch: s.epoch, number: s.changes, floor: s.forgotten}.String(), nil
}

// aheadError says that a cursor is later than all changes. The database was restored from a
// backup that is older than the cursor.
type aheadError struct{ error }

// Unwrap returns the error as callers see it.
func (e *aheadError) Unwrap() error { return e.error }

func forgottenChanges(c feedCursor, s feedState) error {
	err := &photo.Error{Kind: photo.KindGone, Msg: "the changes since then are not known any more", Hint: "list all photos, and start without a cursor"}
	if c.epoch == s.epoch && c.number > s.changes {
		return &aheadError{err}
	}
	return err
}

// beginEpoch makes the cursors of the epoch old invalid: new changes get the numbers again that the
// lost ones had.
func (db *DB) beginEpoch(ctx context.Context, owner string, old int64) error {
	return db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE owner SET epoch = ? WHERE id = ? AND epoch = ?`, newEpoch(), owner, old)
		return err
	})
}

// BeginEpochs makes the cursors of all owners invalid, after the database was restored from a backup.
func (db *DB) BeginEpochs(ctx context.Context) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE owner SET epoch = ?`, newEpoch())
		return err
	})
	if err != nil {
		return fmt.Errorf("begin new histories of changes: %w", failure(err))
	}
	return nil
}

// A feedRow is a row of feed.
type feedRow struct {
	number int64
	photo  sql.NullInt64
	id     photo.ID
	goneAt sql.NullInt64
}

// feedChunk is for how many changes photos are read at once. A page whose texts are long ends after
// such a part, so that the others are not read in vain.
const feedChunk = 250

// feed reads at most limit changes after the cursor.
func (r *reading) feed(owner string, at feedCursor, s feedState, limit int) (photo.Changes, error) {
	rows, err := r.feedRows(owner, at.number, limit)
	if err != nil {
		return photo.Changes{}, err
	}
	page := photo.Changes{More: len(rows) == limit}
	text := 0
	for part := range slices.Chunk(rows, feedChunk) {
		if text >= maxPageText {
			page.More = true
			break
		}
		changes, err := r.feedChanges(owner, part)
		if err != nil {
			return photo.Changes{}, err
		}
		for _, c := range changes {
			if c.Photo != nil {
				text += c.Photo.TextSize()
			}
		}
		page.Changes = append(page.Changes, changes...)
		at.number = part[len(part)-1].number
	}
	if !page.More { // numbers after the last row belong to changes that are not the latest of their photos
		at.number = s.changes
	}
	page.Cursor = at.String()
	return page, nil
}

// feedChanges returns the changes of rows. A row of which there is a later one is left out.
func (r *reading) feedChanges(owner string, rows []feedRow) ([]photo.Change, error) {
	photos, err := r.feedPhotos(rows)
	if err != nil {
		return nil, err
	}
	again, err := r.uploadedAgain(owner, rows)
	if err != nil {
		return nil, err
	}
	var changes []photo.Change
	for _, row := range rows {
		if p, ok := photos[row.photo.Int64]; ok && !row.goneAt.Valid {
			changes = append(changes, photo.Change{ID: p.ID, Photo: &p})
		} else if number, back := again[row.id]; row.goneAt.Valid && (!back || row.photo.Int64 == number) {
			changes = append(changes, photo.Change{ID: row.id, DeletedAt: fromMicros(row.goneAt)})
		}
	}
	return changes, nil
}

func (r *reading) feedRows(owner string, after int64, limit int) ([]feedRow, error) {
	var rows []feedRow
	err := r.each(`SELECT number, photo, id, gone_at FROM feed WHERE owner = ? AND number > ? ORDER BY number LIMIT ?`, []any{owner, after, limit}, func(row scanner) error {
		var f feedRow
		var id []byte
		err := row.Scan(&f.number, &f.photo, &id, &f.goneAt)
		copy(f.id[:], id)
		rows = append(rows, f)
		return err
	})
	return rows, err
}

// feedPhotos returns the photos that are live, by the numbers of their rows.
func (r *reading) feedPhotos(rows []feedRow) (map[int64]photo.Photo, error) {
	var numbers []any
	for _, row := range rows {
		if row.photo.Valid && !row.goneAt.Valid {
			numbers = append(numbers, row.photo.Int64)
		}
	}
	photos := map[int64]photo.Photo{}
	err := r.inChunks(`SELECT `+columns+` FROM photo WHERE number IN `, nil, numbers, func(row scanner) error {
		p, err := scanPhoto(row)
		photos[p.number] = p.Photo
		return err
	})
	return photos, err
}

// uploadedAgain returns the photos among the deleted ones of which there is a row, with its number. A
// row other than that of the deletion is a later upload.
func (r *reading) uploadedAgain(owner string, rows []feedRow) (map[photo.ID]int64, error) {
	var ids []any
	for _, row := range rows {
		if row.goneAt.Valid {
			ids = append(ids, row.id[:])
		}
	}
	again := map[photo.ID]int64{}
	err := r.inChunks(`SELECT id, number FROM photo WHERE owner = ? AND id IN `, []any{owner}, ids, func(row scanner) error {
		var id []byte
		var number int64
		err := row.Scan(&id, &number)
		again[photo.ID(id)] = number
		return err
	})
	return again, err
}

// inChunks asks query, which ends in IN, about a number of values at a time.
func (r *reading) inChunks(query string, args, values []any, note func(scanner) error) error {
	for len(values) > 0 {
		n := min(len(values), checkChunk)
		all := append(append([]any{}, args...), values[:n]...)
		if err := r.each(query+"(?"+strings.Repeat(", ?", n-1)+")", all, note); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// ForgetDeletions implements store.Store.
func (db *DB) ForgetDeletions(ctx context.Context, keep time.Duration, limit int) (n int, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		n, err = tx.forgetDeletions(ctx, keep, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget deletions: %w", err)
	}
	return n, nil
}

func (t *txn) forgetDeletions(ctx context.Context, keep time.Duration, limit int) (int, error) {
	type key struct {
		owner  string
		number int64
	}
	var old []key
	const query = `SELECT owner, number FROM feed WHERE gone_at <= ? ORDER BY gone_at LIMIT ? FOR UPDATE SKIP LOCKED`
	err := t.each(ctx, query, []any{t.now - micros(keep), limit}, func(row scanner) error {
		var k key
		err := row.Scan(&k.owner, &k.number)
		old = append(old, k)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, k := range old {
		if _, err := t.exec(ctx, `DELETE FROM feed WHERE owner = ? AND number = ?`, k.owner, k.number); err != nil {
			return 0, err
		}
		if _, err := t.exec(ctx, `UPDATE owner SET forgotten = ? WHERE id = ? AND forgotten < ?`, k.number, k.owner, k.number); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}
