package sqldb

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"photos/internal/filter"
	"photos/internal/photo"
)

// maxPageText ends a page early when its texts have that many bytes. A page of
// 5,000 photos with the longest descriptions would take 25 MiB, and its answer several times that.
const maxPageText = 1 << 20

// List implements store.Store.
func (db *DB) List(ctx context.Context, owner string, f photo.Filter, after string, limit int) (photo.Page, error) {
	l, err := newListing(owner, f, after)
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
	b.page.Photos = append(b.page.Photos, b.last.Photo)
	b.text += textSize(b.last.Photo)
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
	owner string
	by    photo.Order
	at    string // the column of that time
	state int
	after *cursor // nil: from the start
	index string  // the index of the order, unless another one is better
	rest  query   // the other conditions
	words []string
}

func newListing(owner string, f photo.Filter, after string) (*listing, error) {
	l := &listing{owner: owner, by: f.By, at: "uploaded_at"}
	switch l.by {
	case photo.ByTaken:
		l.at = "taken_at"
	case photo.ByUploaded, "":
		l.by = photo.ByUploaded
	default:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("unknown order %.20q", f.By), Hint: "uploaded or taken"}
	}
	if after != "" {
		c, err := parseCursor(after, l.by)
		if err != nil {
			return nil, err
		}
		l.after = &c
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
