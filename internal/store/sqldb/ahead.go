package sqldb

import (
	"context"
	"slices"
	"strings"

	"photos/internal/photo"
)

// A newRow is a photo that a change adds.
type newRow struct {
	owner string
	p     photo.Photo
	key   string // of its blob
}

// A rowName identifies the row of a photo.
type rowName struct {
	owner string
	id    photo.ID
}

func (n newRow) name() rowName { return rowName{n.owner, n.p.ID} }

// asked is a row that was inserted ahead of its change. Its number is 0 if the row was there already.
type asked struct {
	key    string // of the change that asked for it; another change that adds the same photo has another one
	number int64
}

// insertAhead inserts the rows of the changes up to the first one that adds no photo, with one statement.
// PostgreSQL needs much less time for that than for a statement per row, and a server on another machine
// makes a batch wait only once. A statement of several rows has to return which of them it inserted, so
// the other databases insert them one by one. With a quota each photo has to be counted before the next.
func (t *txn) insertAhead(ctx context.Context, changes []*change) error {
	rows, err := t.newRows(ctx, changes)
	if err != nil || len(rows) < 2 {
		return err
	}
	var args []any
	for _, r := range rows {
		args = append(args, t.newArguments(r.owner, t.asNew(r.p), r.key)...)
	}
	query := `INSERT INTO photo ` + newColumns + ` VALUES ` + newValues + strings.Repeat(`, `+newValues, len(rows)-1) + onConflict + ` RETURNING owner, id, number`
	for _, r := range rows {
		t.ahead[r.name()] = &asked{key: r.key}
	}
	return t.each(ctx, query, args, func(row scanner) error {
		var owner string
		var id []byte
		var number int64
		if err := row.Scan(&owner, &id, &number); err != nil {
			return err
		}
		t.ahead[rowName{owner, photo.ID(id)}].number = number
		return nil
	})
}

// newRows returns the rows to insert ahead, in the order of their names, so that no two transactions wait
// for each other. Of the changes that add one photo, the first inserts it. Rows that were asked for before are left out: a second insert would find that they are there.
func (t *txn) newRows(ctx context.Context, changes []*change) ([]newRow, error) {
	if !t.s.returns || t.moving || t.quota.LimitsPhotos() {
		return nil, nil
	}
	var rows []newRow
	for _, c := range changes {
		if c.adds == nil || len(rows) == manyRows {
			break
		}
		if t.isAhead(c) {
			continue
		}
		err := t.ownerExists(ctx, c.adds.owner)
		if err != nil && refused(err) == nil {
			return nil, err
		}
		if err == nil && c.ctx.Err() == nil {
			rows = append(rows, *c.adds)
		}
	}
	slices.SortStableFunc(rows, func(a, b newRow) int { return strings.Compare(a.owner+string(a.p.ID[:]), b.owner+string(b.p.ID[:])) })
	return slices.CompactFunc(rows, func(a, b newRow) bool { return a.name() == b.name() }), nil
}

// isAhead reports whether the row of the change was asked for.
func (t *txn) isAhead(c *change) bool { return c.adds != nil && t.ahead[c.adds.name()] != nil }
