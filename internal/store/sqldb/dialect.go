package sqldb

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

// A dialect is what one kind of database does in its own way. A statement is written
// once, in a common form, which a dialect turns into its own:
//
//	?                       a parameter
//	clock()                 the database's time in microseconds
//	FOR UPDATE              at the end: other transactions wait with these rows until this one ends
//	SKIP LOCKED             after that: leave out the rows that another transaction has
//	ON CONFLICT DO NOTHING  at the end: a row that is there already stays, and the insert changes nothing
//
// Everything else in a statement means the same to every database. In particular the
// reads that decide what is written lock their rows, as databases other than SQLite let
// several transactions write at a time.
type dialect struct {
	goose     goose.Dialect
	folder    string            // of the migrations
	words     *strings.Replacer // from the common form
	numbered  bool              // parameters are $1, $2, …
	ignores   bool              // ON CONFLICT DO NOTHING exists; elsewhere a duplicate fails, but spoils only its own statement
	prepares  bool              // statements are compiled here; elsewhere the driver remembers them
	strict    bool              // texts are UTF-8 without NUL
	isolation sql.IsolationLevel
	snapshot  sql.TxOptions // of several queries that see the same commit
	writers   int           // transactions that write at a time
}

// arguments returns args as the database takes them: PostgreSQL refuses a NUL in a text,
// and both servers what is not UTF-8.
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

// statement returns query in the dialect's own form.
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
	name     string                                         // what messages call the database; no secret
	write    *sql.DB                                        // at most writers connections
	read     *sql.DB                                        // for queries
	health   *sql.DB                                        // one connection that asks whether the database answers; nil: it always does
	check    func(context.Context) error                    // refuses a server that cannot be used; nil: there is none
	blame    func(error) error                              // turns an error of the start into a SettingError if a setting is to blame; nil: none is
	writable func(context.Context) error                    // refuses tables that cannot be changed; nil: migrations found out
	lock     func(context.Context) (func() error, error)    // lets one process at a time change the tables, until the returned function is called
	old      func(ctx context.Context, version int64) error // brings tables of before the baseline up to it; nil: there never were any
}

func (b *backend) pools() []*sql.DB {
	if b.health == nil {
		return []*sql.DB{b.read, b.write}
	}
	return []*sql.DB{b.health, b.read, b.write}
}
