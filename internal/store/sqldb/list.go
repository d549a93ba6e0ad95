package sqldb

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"photos/internal/filter"
	"photos/internal/photo"
)

// maxPageText ends a page early when its names and descriptions have that many bytes. A page of
// 5,000 photos with the longest descriptions would take 25 MiB, and its answer several times that.
const maxPageText = 1 << 20

// List implements store.Store.
func (db *DB) List(ctx context.Context, owner string, f photo.Filter, after string, limit int) (photo.Page, error) {
	q, err := listQuery(owner, f, after, limit)
	if err != nil {
		return photo.Page{}, fmt.Errorf("list: %w", err)
	}
	var page photo.Page
	var last record
	text := 0
	err = db.each(ctx, q.text, q.args, func(row scanner) (err error) {
		if len(page.Photos) == limit || text >= maxPageText { // one more was asked for, to know whether there is one
			page.Next = cursorAt(last, q.by).String()
			return errEnough
		}
		if last, err = scanPhoto(row); err != nil {
			return err
		}
		page.Photos = append(page.Photos, last.Photo)
		text += len(last.Name) + len(last.Description)
		return nil
	})
	if err != nil {
		return photo.Page{}, fmt.Errorf("list: %w", failure(err))
	}
	return page, nil
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
	by   photo.Order
	text string
	args []any
}

func (q *query) where(condition string, args ...any) {
	q.text += " AND " + condition
	q.args = append(q.args, args...)
}

// listQuery selects one photo more than limit. The owner, the state and the order are the columns of
// an index, in this order. So the database reads no more rows than the page has.
func listQuery(owner string, f photo.Filter, after string, limit int) (*query, error) {
	q := &query{by: f.By, text: `SELECT ` + columns + ` FROM photo WHERE owner = ?`, args: []any{owner}}
	at := "uploaded_at"
	switch q.by {
	case photo.ByTaken:
		at = "taken_at"
	case photo.ByUploaded, "":
		q.by = photo.ByUploaded
	default:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("unknown order %.20q", f.By), Hint: "uploaded or taken"}
	}
	terms, err := filter.Of(f)
	if err != nil {
		return nil, err
	}
	q.terms(terms, after)
	if err := q.prefix(f.IDPrefix); err != nil {
		return nil, err
	}
	if err := q.after(after, at); err != nil {
		return nil, err
	}
	q.text += ` ORDER BY ` + at + ` DESC, number DESC LIMIT ?`
	q.args = append(q.args, limit+1)
	return q, nil
}

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

func (q *query) after(s, at string) error {
	if s == "" {
		return nil
	}
	c, err := parseCursor(s, q.by)
	if err != nil {
		return err
	}
	q.where(at+` <= ? AND (`+at+` < ? OR number < ?)`, c.at, c.at, c.number)
	return nil
}
