package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"photos/internal/store"
)

const (
	copyRows   = 500    // rows that one statement inserts
	copyValues = 30_000 // values of one statement, of which servers take 65,535
)

// stays reports whether a table is not copied: it is about the database itself, or about unfinished
// uploads, whose bytes stay too.
func stays(table string) bool {
	switch table {
	case "goose_db_version", "move", "move_blob", "task", "upload", "staged", "staged_part":
		return true
	}
	return false
}

// CopyFrom copies all rows of a SQLite database, which must not change meanwhile, in one
// transaction. If the bytes were copied, the rows get their new keys by store.MoveTarget, and photos
// without one are marked as damaged. Afterwards the state of the move is Arrived. CopyFrom returns how
// many rows each table has.
func (db *DB) CopyFrom(ctx context.Context, from *DB, bytesToo bool) (counts map[string]int64, err error) {
	from.index.close() // it must not change the rows either
	tables, err := from.copyOrder(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", from.name, failure(err))
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("copy to %s: %w", db.name, failure(err))
	}
	c := copier{from: from, to: db, tx: tx, bytesToo: bytesToo, counts: map[string]int64{}}
	err = c.all(ctx, tables)
	if err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, ended(tx.Rollback()))
	}
	if err != nil {
		return nil, fmt.Errorf("copy the rows of %s to %s: %w", from.name, db.name, failure(err))
	}
	return c.counts, nil
}

// copyOrder returns the tables of a SQLite database that are copied. A table comes after those that
// it refers to. Tables that refer to one that stays, stay too.
func (db *DB) copyOrder(ctx context.Context) ([]string, error) {
	refers := map[string][]string{}
	const list = `SELECT m.name, COALESCE(f."table", '') FROM sqlite_master AS m LEFT JOIN pragma_foreign_key_list(m.name) AS f
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name`
	err := eachRow(ctx, db.read, list, nil, func(row scanner) error {
		var table, other string
		err := row.Scan(&table, &other)
		refers[table] = append(refers[table], other)
		return err
	})
	if err != nil {
		return nil, err
	}
	var order []string
	done := map[string]bool{"": true}
	for again := true; again; {
		again = false
		for _, table := range slices.Sorted(maps.Keys(refers)) {
			ready := !stays(table) && !slices.ContainsFunc(refers[table], func(other string) bool { return !done[other] && other != table })
			if ready && !done[table] {
				order, done[table], again = append(order, table), true, true
			}
		}
	}
	return order, nil
}

// A copier copies tables in a transaction.
type copier struct {
	from, to *DB
	tx       *sql.Tx
	bytesToo bool
	counts   map[string]int64
}

func (c *copier) all(ctx context.Context, tables []string) error {
	kept := map[string][]column{}
	for _, table := range tables {
		columns, err := c.columns(ctx, table)
		if err != nil {
			return err
		}
		if len(columns) > 0 { // else only SQLite has such a table, for an index of its own
			kept[table] = columns
		}
	}
	for _, table := range slices.Backward(tables) { // what migrations put there
		if kept[table] == nil {
			continue
		}
		if err := c.exec(ctx, `DELETE FROM `+table); err != nil {
			return err
		}
	}
	for _, table := range tables {
		if kept[table] == nil {
			continue
		}
		if err := c.table(ctx, table, kept[table]); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return c.finish(ctx)
}

// finish gives the rows the new keys of their bytes, and ends the move in the target.
func (c *copier) finish(ctx context.Context) error {
	if c.bytesToo {
		if err := c.exec(ctx, `UPDATE photo SET damaged = 1 WHERE blob_key NOT IN (SELECT source_key FROM move_blob)`); err != nil {
			return err
		}
	}
	for _, column := range []string{"blob_key", "rendition_key"} {
		err := c.exec(ctx, `UPDATE photo SET `+column+` = (SELECT target_key FROM move_blob WHERE source_key = photo.`+column+`)
			WHERE `+column+` IN (SELECT source_key FROM move_blob)`)
		if err != nil {
			return err
		}
	}
	for _, query := range []string{`DELETE FROM move_blob`, `UPDATE move SET state = '` + string(store.Arrived) + `'`} {
		if err := c.exec(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.tx.ExecContext(ctx, c.to.statement(query), c.to.arguments(args)...)
	return err
}

// A column of a table that both databases have.
type column struct {
	name     string
	identity bool // the target numbers its rows by itself
	bytes    bool // PostgreSQL takes bytes and no text
	text     bool // PostgreSQL takes text and no bytes
}

// columns returns the columns of a table to copy. It returns none if the target has no such table.
func (c *copier) columns(ctx context.Context, table string) ([]column, error) {
	there := map[string]column{}
	query := `SELECT column_name, is_identity = 'YES', data_type = 'bytea', data_type IN ('text', 'character varying') FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER' AND table_name = ?`
	if c.to.folder == "mysql" {
		query = `SELECT column_name, 0, 0, 0 FROM information_schema.columns WHERE table_schema = DATABASE() AND extra NOT LIKE '%GENERATED%' AND table_name = ?`
	}
	err := eachRow(ctx, c.tx, c.to.statement(query), []any{table}, func(row scanner) error {
		var col column
		err := row.Scan(&col.name, &col.identity, &col.bytes, &col.text)
		col.name = strings.ToLower(col.name)
		there[col.name] = col
		return err
	})
	if err != nil || len(there) == 0 {
		return nil, err
	}
	rows, err := c.from.read.QueryContext(ctx, `SELECT * FROM "`+table+`" LIMIT 0`) //nolint:gosec // a name from the database's own catalog
	if err != nil {
		return nil, err
	}
	names, err := rows.Columns()
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	var columns []column
	for _, name := range names {
		col, ok := there[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("%s has no column %s of the table %s", c.to.name, name, table)
		}
		columns = append(columns, col)
	}
	return columns, nil
}

// table copies the rows of a table, and counts them on both sides.
func (c *copier) table(ctx context.Context, table string, columns []column) error {
	var names []string
	for _, col := range columns {
		names = append(names, col.name)
	}
	list := strings.Join(names, ", ")
	most := min(copyRows, copyValues/len(columns))
	var values []any
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		err := c.exec(ctx, insertRows(table, list, columns, len(values)/len(columns)), values...)
		values = values[:0]
		return err
	}
	err := eachRow(ctx, c.from.read, `SELECT `+list+` FROM "`+table+`"`, nil, func(row scanner) error {
		dest := make([]any, len(columns))
		for i := range dest {
			dest[i] = new(any)
		}
		if err := row.Scan(dest...); err != nil {
			return err
		}
		for i, d := range dest {
			values = append(values, columns[i].value(*d.(*any)))
		}
		c.counts[table]++
		if len(values) < most*len(columns) {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return err
	}
	return errors.Join(c.count(ctx, table), c.renumber(ctx, table, columns))
}

// value returns what SQLite has in the column, as the target takes it. SQLite keeps text and bytes
// as they came, whatever the type of the column is.
func (c column) value(v any) any {
	switch v := v.(type) {
	case string:
		if c.bytes {
			return []byte(v)
		}
	case []byte:
		if c.text {
			return string(v)
		}
	}
	return v
}

// insertRows is the statement that inserts n rows.
func insertRows(table, list string, columns []column, n int) string {
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	overriding := ""
	if slices.ContainsFunc(columns, func(c column) bool { return c.identity }) {
		overriding = " OVERRIDING SYSTEM VALUE"
	}
	return `INSERT INTO ` + table + ` (` + list + `)` + overriding + ` VALUES ` + row + strings.Repeat(", "+row, n-1)
}

// count compares how many rows a table has.
func (c *copier) count(ctx context.Context, table string) error {
	var n int64
	if err := c.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
		return err
	}
	if n != c.counts[table] {
		return fmt.Errorf("%d rows arrived, of %d", n, c.counts[table])
	}
	return nil
}

// renumber has the target number new rows after those that came.
func (c *copier) renumber(ctx context.Context, table string, columns []column) error {
	for _, col := range columns {
		if !col.identity {
			continue
		}
		//nolint:gosec // names from the database's own catalog
		query := `SELECT setval(pg_get_serial_sequence('` + table + `', '` + col.name + `'), COALESCE((SELECT MAX(` + col.name + `) FROM ` + table + `), 0) + 1, false)`
		if _, err := c.tx.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}
