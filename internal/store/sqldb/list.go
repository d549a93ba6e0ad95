package sqldb

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"photos/internal/filter"
	"photos/internal/photo"
)

// maxPageText ends a page early when its texts have that many bytes. A page of
// 5,000 photos with the longest descriptions would take 25 MiB, and its answer several times that.
const maxPageText = 1 << 20

// List implements store.Store.
func (db *DB) List(ctx context.Context, owner string, f photo.Filter, after string, limit int) (photo.Page, error) {
	l, err := newListing(owner, f, after, "")
	if err != nil {
		return photo.Page{}, fmt.Errorf("list: %w", err)
	}
	b := pageBuilder{by: l.by, limit: limit}
	if len(l.words) == 0 {
		q := l.inOrder(l.after)
		err = db.each(ctx, q.text, append(q.args, limit+1), b.add)
	} else {
		err = db.inSnapshot(ctx, func(r *reading) error { return search{l, r, &b}.run() })
	}
	if err != nil {
		return photo.Page{}, fmt.Errorf("list: %w", failure(err))
	}
	if l.after != nil && len(b.page.Photos) > 0 {
		b.page.Prev = cursorAt(b.first, l.by).String()
	}
	return b.page, nil
}

// ListBefore implements store.Store. It does not use the index of words: a list with a word that has
// several pages has the next photo with it soon.
func (db *DB) ListBefore(ctx context.Context, owner string, f photo.Filter, before string, limit int) (photo.Page, error) {
	l, err := newListing(owner, f, "", before)
	if err != nil {
		return photo.Page{}, fmt.Errorf("list backward: %w", err)
	}
	if l.before == nil {
		return photo.Page{}, nil // nothing is before the start
	}
	b := pageBuilder{by: l.by, limit: limit}
	q := l.from(*l.before, toNewer)
	if err := db.each(ctx, q.text, append(q.args, limit+1), b.add); err != nil {
		return photo.Page{}, fmt.Errorf("list backward: %w", failure(err))
	}
	slices.Reverse(b.page.Photos)
	b.page.Prev, b.page.Next = b.page.Next, ""
	if len(b.page.Photos) > 0 {
		b.page.Next = cursorAt(b.first, l.by).String()
	}
	return b.page, nil
}

// A pageBuilder makes a page of the rows that it gets in order. It needs one more than the limit,
// to know whether there is a next page.
type pageBuilder struct {
	by    photo.Order
	limit int
	page  photo.Page
	full  bool
	row   *photoRow
	first record
	last  record
	text  int // bytes
}

// firstPhotos is for how many photos a page has room before it grows. It is as many as photos asks for.
const firstPhotos = 1000

// add adds a row. Its error is errEnough when the page is full.
func (b *pageBuilder) add(row scanner) (err error) {
	if len(b.page.Photos) == b.limit || b.text >= maxPageText {
		b.page.Next, b.full = cursorAt(b.last, b.by).String(), true
		return errEnough
	}
	if b.row == nil {
		b.row = newPhotoRow()
		b.page.Photos = make([]photo.Photo, 0, min(b.limit, firstPhotos))
	}
	if b.last, err = b.row.scan(row); err != nil {
		return err
	}
	if len(b.page.Photos) == 0 {
		b.first = b.last
	}
	b.page.Photos = append(b.page.Photos, b.last.Photo)
	b.text += b.last.Photo.TextSize()
	return nil
}

// cursorAt returns the cursor with which a list in the order by continues after r.
func cursorAt(r record, by photo.Order) cursor {
	c := cursor{by: by, at: r.UploadedAt.UnixMicro(), number: r.number}
	if by == photo.ByTaken {
		c.at, _ = takenColumns(r.TakenAt, c.at)
	}
	return c
}

// A query is a SELECT whose conditions must all hold.
type query struct {
	text string
	args []any
}

func (q *query) where(condition string, args ...any) {
	if q.text == "" {
		q.text = condition
	} else {
		q.text += " AND " + condition
	}
	q.args = append(q.args, args...)
}

// or adds an alternative to q.
func (q *query) or(alternative string, args ...any) {
	if q.text != "" {
		q.text += " OR "
	}
	q.text += "(" + alternative + ")"
	q.args = append(q.args, args...)
}

// A listing is what a list asks for. Owner, state and time are the columns of an index, in this
// order, so a page costs what it holds.
type listing struct {
	owner  string
	by     photo.Order
	at     string // the column of that time
	state  int
	after  *cursor // nil: from the start
	before *cursor // nil: to the end
	index  string  // the index of the order, unless another one is better
	rest   query   // the other conditions
	words  []string
}

// newListing returns what a list with a filter asks for: the photos after a cursor or those before
// one. Without a cursor it is all of them.
func newListing(owner string, f photo.Filter, after, before string) (*listing, error) {
	l := &listing{owner: owner, by: f.By, at: "uploaded_at"}
	switch l.by {
	case photo.ByTaken:
		l.at = "taken_at"
	case photo.ByUploaded, "":
		l.by = photo.ByUploaded
	default:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("unknown order %.20q", f.By), Hint: "uploaded or taken"}
	}
	var err error
	if l.after, err = l.cursor(after); err == nil {
		l.before, err = l.cursor(before)
	}
	if err != nil {
		return nil, err
	}
	terms, err := filter.Of(f)
	if err != nil {
		return nil, err
	}
	l.terms(terms)
	if f.IDPrefix == "" {
		l.index = " THROUGH photo_by_" + string(l.by)
	}
	return l, l.rest.prefix(f.IDPrefix)
}

// cursor parses a cursor of the list, or returns nil for none.
func (l *listing) cursor(text string) (*cursor, error) {
	if text == "" {
		return nil, nil // there is none
	}
	c, err := parseCursor(text, l.by)
	return &c, err
}

// A direction is the way in which a list is read from a photo on.
type direction bool

const (
	toOlder direction = false
	toNewer direction = true
)

// from asks for the photos from a cursor on in one direction. The limit is its last argument.
func (l *listing) from(c cursor, d direction) *query {
	than, order := "<", "DESC"
	if d == toNewer {
		than, order = ">", "ASC"
	}
	q := l.walk(columns, nil)
	q.where(l.at+` `+than+`= ? AND (`+l.at+` `+than+` ? OR number `+than+` ?)`, c.at, c.at, c.number)
	if l.rest.text != "" {
		q.where(l.rest.text, l.rest.args...)
	}
	q.text += ` ORDER BY ` + l.at + ` ` + order + `, number ` + order + ` LIMIT ?`
	return q
}

// inOrder asks for the photos after a cursor. The limit is its last argument.
func (l *listing) inOrder(after *cursor) *query {
	q := l.walk(columns, after)
	if l.rest.text != "" {
		q.where(l.rest.text, l.rest.args...)
	}
	q.text += l.order() + ` LIMIT ?`
	return q
}

// walk begins a query that reads the index of the order. MariaDB has to be told so: for a time before
// which there are many photos, it would read all photos from the newest on.
func (l *listing) walk(columns string, after *cursor) *query {
	q := &query{}
	q.where(`SELECT `+columns+` FROM photo`+l.index+` WHERE owner = ?`, l.owner)
	q.where(`state = ?`, l.state)
	q.after(l.at, after)
	return q
}

func (l *listing) order() string { return ` ORDER BY ` + l.at + ` DESC, number DESC` }

// prefix restricts id to the digests that begin with digits, which are hex.
func (q *query) prefix(digits string) error {
	if digits == "" {
		return nil
	}
	var first, last photo.ID
	if !photo.IsHex(digits) || len(digits) > hex.EncodedLen(len(first)) {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.80q is not a prefix of a photo ID", digits), Hint: "a prefix has up to 64 hex digits"}
	}
	fill := func(id *photo.ID, digit string) {
		_, _ = hex.Decode(id[:], []byte(digits+strings.Repeat(digit, hex.EncodedLen(len(id))-len(digits))))
	}
	fill(&first, "0")
	fill(&last, "f")
	q.where(`id BETWEEN ? AND ?`, first[:], last[:])
	return nil
}

// after restricts the photos to those that come after the cursor c in the order of the column at.
func (q *query) after(at string, c *cursor) {
	if c != nil {
		q.where(at+` <= ? AND (`+at+` < ? OR number < ?)`, c.at, c.at, c.number)
	}
}
