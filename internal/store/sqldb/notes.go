package sqldb

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/store"
)

// notes are what a transaction changed for one owner. They are written when it ends: once for
// all photos, and with the owner's row locked as briefly as possible.
type notes struct {
	usage   store.Usage
	tallies map[tallyKey]amount
	touched []touch
	latest  map[int64]int // the number of a touched photo → its place in touched
}

// A tallyKey names a row of tally.
type tallyKey struct{ kind, value string }

// The kinds of tallies.
const (
	tallyMonth  = "month"
	tallyType   = "type"
	tallyCamera = "camera"
	tallyTag    = "tag"
)

// An amount is photos and their bytes.
type amount struct{ photos, bytes int64 }

// A touch is a photo that gets the next number of the feed.
type touch struct {
	photo int64    // number of its row
	fresh bool     // it has no row in the feed
	gone  bool     // it is in the trash
	id    photo.ID // of a photo that is gone
}

func sum(a, b store.Usage) store.Usage {
	return store.Usage{
		Photos: a.Photos + b.Photos, Bytes: a.Bytes + b.Bytes,
		TrashedPhotos: a.TrashedPhotos + b.TrashedPhotos, TrashedBytes: a.TrashedBytes + b.TrashedBytes,
	}
}

// note says that a photo of owner was as before and is as after. before is nil for a new photo,
// and after for one that is purged.
func (t *txn) note(owner string, before, after *record) {
	t.changed = true
	n := t.notes[owner]
	if n == nil {
		n = &notes{tallies: map[tallyKey]amount{}, latest: map[int64]int{}}
		t.notes[owner] = n
	}
	if before != nil {
		n.count(before, -1)
	}
	if after != nil {
		n.count(after, 1)
		n.touch(touch{photo: after.number, fresh: before == nil, gone: after.state == trashed, id: after.ID})
	}
}

// count adds the photo to the counts, or takes it away when by is -1.
func (n *notes) count(r *record, by int64) {
	if r.state == trashed {
		n.usage = sum(n.usage, store.Usage{TrashedPhotos: by, TrashedBytes: by * r.Size})
		return
	}
	n.usage = sum(n.usage, store.Usage{Photos: by, Bytes: by * r.Size})
	add := func(kind, value string) {
		a := n.tallies[tallyKey{kind, value}]
		n.tallies[tallyKey{kind, value}] = amount{a.photos + by, a.bytes + by*r.Size}
	}
	add(tallyMonth, month(r.TakenAt))
	add(tallyType, r.MediaType)
	add(tallyCamera, r.Camera)
	for _, tag := range r.Tags {
		add(tallyTag, tag)
	}
}

// month is like 2024-05, where the photo was taken; empty when that is unknown.
func month(m photo.Moment) string {
	if m.IsZero() {
		return ""
	}
	return m.Time().Format("2006-01")
}

// touch puts a photo at the end of the feed. A photo that is there already moves.
func (n *notes) touch(c touch) {
	if at, ok := n.latest[c.photo]; ok {
		c.fresh = c.fresh || n.touched[at].fresh
		n.touched[at].photo = 0
	}
	n.latest[c.photo] = len(n.touched)
	n.touched = append(n.touched, c)
}

// writeNotes ends the transaction. It goes through the owners in one order everywhere, so that
// no two transactions wait for each other. From the update of an owner to the commit, no other
// transaction gets a number of the owner's feed: the numbers are in the order of the commits.
func (t *txn) writeNotes(ctx context.Context) error {
	for _, owner := range slices.Sorted(maps.Keys(t.notes)) {
		n := t.notes[owner]
		n.touched = slices.DeleteFunc(n.touched, func(c touch) bool { return c.photo == 0 })
		u := n.usage
		_, err := t.exec(ctx, `UPDATE owner SET photos = photos + ?, bytes = bytes + ?, trashed_photos = trashed_photos + ?, trashed_bytes = trashed_bytes + ?,
			changes = changes + ? WHERE id = ?`, u.Photos, u.Bytes, u.TrashedPhotos, u.TrashedBytes, len(n.touched), owner)
		if err == nil {
			err = t.writeTallies(ctx, owner, n.tallies)
		}
		if err == nil {
			err = t.writeFeed(ctx, owner, n.touched)
		}
		if err == nil {
			err = t.queueFresh(ctx, n.touched)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) writeTallies(ctx context.Context, owner string, tallies map[tallyKey]amount) error {
	byKey := func(a, b tallyKey) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value)) }
	for _, key := range slices.SortedFunc(maps.Keys(tallies), byKey) {
		a := tallies[key]
		if a == (amount{}) {
			continue
		}
		n, err := t.exec(ctx, `UPDATE tally SET photos = photos + ?, bytes = bytes + ? WHERE owner = ? AND kind = ? AND value = ?`,
			a.photos, a.bytes, owner, key.kind, key.value)
		if err == nil && n == 0 {
			_, err = t.exec(ctx, `INSERT INTO tally (owner, kind, value, photos, bytes) VALUES (?, ?, ?, ?, ?)`, owner, key.kind, key.value, a.photos, a.bytes)
		}
		if err == nil && a.photos < 0 { // a tag that no photo has any more leaves nothing behind
			_, err = t.exec(ctx, `DELETE FROM tally WHERE owner = ? AND kind = ? AND value = ? AND photos = 0`, owner, key.kind, key.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFeed gives the photos the last numbers that the owner has counted.
func (t *txn) writeFeed(ctx context.Context, owner string, touched []touch) error {
	if len(touched) == 0 {
		return nil
	}
	var latest int64
	if err := t.row(ctx, `SELECT changes FROM owner WHERE id = ?`, owner).Scan(&latest); err != nil {
		return err
	}
	first := latest - int64(len(touched)) + 1
	var fresh []any
	for i, c := range touched {
		number := first + int64(i)
		if c.fresh && !c.gone {
			fresh = append(fresh, owner, number, c.photo)
			continue
		}
		if err := t.moveInFeed(ctx, owner, number, c); err != nil {
			return err
		}
	}
	return t.insertMany(ctx, `feed (owner, number, photo)`, `(?, ?, ?)`, fresh)
}

// moveInFeed gives a photo another number.
func (t *txn) moveInFeed(ctx context.Context, owner string, number int64, c touch) error {
	var id []byte
	var goneAt any
	if c.gone {
		id, goneAt = c.id[:], t.now
	}
	n, err := t.exec(ctx, `UPDATE feed SET number = ?, id = ?, gone_at = ? WHERE photo = ?`, number, id, goneAt, c.photo)
	if err == nil && n == 0 { // a photo in the trash whose deletion was forgotten, or one of an older photosd
		_, err = t.exec(ctx, `INSERT INTO feed (owner, number, photo, id, gone_at) VALUES (?, ?, ?, ?, ?)`, owner, number, c.photo, id, goneAt)
	}
	return err
}

// manyRows is how many rows one statement of insertMany adds at most.
const manyRows = 64

// insertMany adds rows, such as (?, 0): many with one statement. values are those of all rows, one after
// the other.
func (t *txn) insertMany(ctx context.Context, into, row string, values []any) error {
	columns := strings.Count(row, "?")
	for len(values) > 0 {
		n := min(len(values)/columns, manyRows)
		query := `INSERT INTO ` + into + ` VALUES ` + row + strings.Repeat(`, `+row, n-1)
		if _, err := t.exec(ctx, query, values[:n*columns]...); err != nil {
			return err
		}
		values = values[n*columns:]
	}
	return nil
}

// update makes the row of a photo, which is as before, as after, with the next version. It
// returns the photo as it is then.
func (t *txn) update(ctx context.Context, owner string, before, after record) (record, error) {
	taken, offset := takenColumns(after.TakenAt, before.UploadedAt.UnixMicro())
	latitude, longitude := positionColumns(after.Position)
	_, err := t.exec(ctx, `UPDATE photo SET name = ?, description = ?, description_source = ?, folded = ?, gear = ?, run = ?, revision = ?,
			taken_at = ?, taken_offset = ?, taken_source = ?, latitude = ?, longitude = ?, position_source = ?,
			modified_at = ?, folder = ?, tags = ?, version = version + 1
		WHERE owner = ? AND id = ?`,
		[]byte(after.Name), after.Description, after.DescriptionSource, folded(after.Photo), gear(after.Photo), noRun, after.revision,
		taken, offset, after.TakenSource, latitude, longitude, after.PositionSource,
		toMicros(after.ModifiedAt), after.Folder, writeTags(after.Tags), owner, before.ID[:])
	if err != nil {
		return record{}, err
	}
	if err := t.tag(ctx, owner, before.number, before.Tags, after.Tags); err != nil {
		return record{}, err
	}
	now, err := t.photo(ctx, owner, before.ID)
	if err == nil {
		t.note(owner, &before, &now)
	}
	return now, err
}
