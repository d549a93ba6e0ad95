package sqldb

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

// A dialect describes how one kind of database differs from the others. A statement is
// written once, in a common form. The dialect translates these parts of it:
//
//	?                       a parameter
//	clock()                 the database's time in microseconds
//	FOR UPDATE              at the end: locks the rows until the transaction ends
//	SKIP LOCKED             after that: leaves out rows that another transaction has locked
//	THROUGH photo_by_run    after a table: its rows are found through this index (also photo_by_taken, photo_by_uploaded) …
//	THROUGH number          … or through the primary key, even if the database expects another to be faster
//	ON CONFLICT DO NOTHING  at the end: an insert of a row that already exists changes nothing
//
// Everything else in a statement means the same to every database. Databases other than
// SQLite let several transactions write at a time. Therefore a read that decides what is
// written must lock its rows.
type dialect struct {
	goose     goose.Dialect
	folder    string            // of the migrations
	words     *strings.Replacer // translates the common form
	numbered  bool              // parameters are $1, $2, …
	ignores   bool              // ON CONFLICT DO NOTHING exists; if not, a duplicate fails its statement but not the transaction
	returns   bool              // an INSERT returns its row by RETURNING; if not, the driver knows the number of the row
	prepares  bool              // this package prepares statements; if not, the driver caches them
	strict    bool              // texts must be UTF-8 without NUL
	isolation sql.IsolationLevel
	snapshot  sql.TxOptions // for several queries that must see the same commit
	writers   int           // how many transactions write at a time
}

// arguments returns args in a form that the database accepts: PostgreSQL refuses a NUL in a
// text, and all servers refuse a text that is not UTF-8.
func (d *dialect) arguments(args []any) []any {
	if !d.strict {
		return args
	}
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

const onConflict = " ON CONFLICT DO NOTHING"

// statement translates query from the common form.
func (d *dialect) statement(query string) string {
	query = d.words.Replace(query)
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// A backend is an opened database of one kind.
type backend struct {
	dialect
	name     string                                         // the database's name in messages; contains no secret
	write    *sql.DB                                        // at most writers connections
	read     *sql.DB                                        // for queries
	health   *sql.DB                                        // one connection for the watch; nil for a database on this machine
	check    func(context.Context) error                    // refuses a server that cannot be used; may be nil
	blame    func(error) error                              // turns an error of the start into a SettingError if a setting has caused it; may be nil
	writable func(context.Context) error                    // refuses tables that cannot be changed; may be nil
	lock     func(context.Context) (func() error, error)    // lets one process at a time change the tables, until the returned function is called
	old      func(ctx context.Context, version int64) error // migrates tables from before the baseline to it; may be nil
}

func (b *backend) pools() []*sql.DB {
	if b.health == nil {
		return []*sql.DB{b.read, b.write}
	}
	return []*sql.DB{b.health, b.read, b.write}
}
