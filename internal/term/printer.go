package term

import (
	"bufio"
	"slices"
	"strings"
	"sync"
	"time"

	"photos/internal/photo"
	"photos/internal/text"
)

// The rules of what goes to stdout:
//
//   - A terminal gets a table with a header. A pipe gets TSV without one. Its columns
//     are a contract: new ones come only at the end.
//   - In TSV an empty value is "-" in every column but the last, and "-" is "\-". The
//     read of a shell takes two tabs for one and still finds every column.
//   - --json prints JSON Lines, and --format names a form, whatever stdout is. --quiet
//     prints the first column, in a pipe as --from reads it.
//   - With NUL, a result ends with a NUL byte in place of a newline. One value alone then has
//     its exact bytes.
//   - No line is held back for longer than flushDelay, so that the reader of a pipe
//     sees it soon.
//   - All forms come from the same value, so they cannot differ.
//   - No name or description controls the terminal (package text). TSV and JSON escape
//     control characters, and tables replace them.

// Column is one field of a T: as TSV prints it, and as a table shows it.
type Column[T any] struct {
	Name  string
	Text  func(T) string
	Show  func(T) string // as a table shows it; nil: Text
	Tint  func(T) Tint   // nil: none
	Extra bool           // TSV has it only when --fields asks for it
	Right bool           // numbers line up at the right
	Least int            // columns that a value needs; 0: any, so that this column is narrowed first
	Share int            // this column takes so many shares of what the others leave
	Most  int            // this column is never wider; 0: no limit
	Cut   Cut            // what is shown of a value that does not fit
	Head  string         // the header of the table; empty: the name
	Brief *Brief[T]      // how the usual table shows it, if that differs from --wide
	Table Presence       // which tables have it without being asked
}

// Presence says which tables have a column without being asked.
type Presence int

// The presences.
const (
	AsTSV    Presence = iota // those of results whose TSV has it
	Always                   // all
	OnlyWide                 // those of --wide
)

// Brief is a short way to show a value, in a column of fixed width.
type Brief[T any] struct {
	Show  func(T) string
	Least int
}

// usual reports whether TSV has the column without being asked.
func (c Column[T]) usual() bool { return !c.Extra }

// inTable reports whether a table has the column without being asked.
func (c Column[T]) inTable(wide bool) bool {
	switch c.Table {
	case Always:
		return true
	case OnlyWide:
		return wide
	}
	return !c.Extra
}

// show returns how a table shows a value.
func (c Column[T]) show(v T) string {
	if c.Show != nil {
		return c.Show(v)
	}
	return c.Text(v)
}

// brief returns the column as the usual table has it.
func (c Column[T]) brief() Column[T] {
	if c.Brief != nil {
		c.Show, c.Least = c.Brief.Show, c.Brief.Least
	}
	return c
}

// head returns what the table knows about the column.
func (c Column[T]) head() tableHead {
	name := c.Head
	if name == "" {
		name = strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
	}
	return tableHead{name: name, right: c.Right, least: c.Least, share: c.Share, most: c.Most, cut: c.Cut}
}

// Within makes columns of a U from those of a T that is part of it.
func Within[T, U any](columns []Column[T], part func(U) T) []Column[U] {
	out := make([]Column[U], len(columns))
	for i, c := range columns {
		out[i] = Column[U]{
			Name: c.Name, Extra: c.Extra, Right: c.Right, Least: c.Least, Share: c.Share, Most: c.Most, Cut: c.Cut, Head: c.Head, Table: c.Table,
			Text: within(c.Text, part), Show: within(c.Show, part), Tint: within(c.Tint, part),
		}
		if c.Brief != nil {
			out[i].Brief = &Brief[U]{Show: within(c.Brief.Show, part), Least: c.Brief.Least}
		}
	}
	return out
}

// within makes a function of a U from one of a T that is part of it, or nil from nil.
func within[T, U, R any](f func(T) R, part func(U) T) func(U) R {
	if f == nil {
		return nil
	}
	return func(u U) R { return f(part(u)) }
}

// flushDelay is how long a line may be held back, so that lines which come close
// together are written together.
const flushDelay = 100 * time.Millisecond

// Format says what the user wants on stdout.
type Format struct {
	Form   Form
	Quiet  bool     // the first column alone
	NUL    bool     // results end with a NUL byte
	Fields []string // the columns to print, in this order; none: the usual ones
	Wide   bool     // a table shows more columns, and whole values
}

// Form is how a Printer writes.
type Form int

// The forms.
const (
	Auto Form = iota // a table on a terminal, TSV elsewhere
	Table
	TSV
	JSONLines
	CSV         // RFC 4180, with a header
	SHA256Sum   // as the program sha256sum prints and reads it: ID, two spaces, path or name
	FirstColumn // what Quiet asks for
)

// ParseForm returns the form that --format calls s.
func ParseForm(s string) (Form, bool) {
	form, ok := map[string]Form{"": Auto, "table": Table, "tsv": TSV, "jsonl": JSONLines, "csv": CSV, "sha256sum": SHA256Sum}[s]
	return form, ok
}

// Printer writes Ts to stdout in one form. It is safe for concurrent use.
type Printer[T any] struct {
	mu      sync.Mutex
	late    *time.Timer // flushes what is held back
	waiting bool        // late is set
	w       *bufio.Writer
	columns []Column[T]
	toJSON  func(T) any
	fields  []string // keys of the JSON object to keep; none: all
	form    Form
	end     byte // of a line
	live    bool // flush after each line, since a user is watching
	headed  bool // the header of CSV is written
	count   int
	table   *table
}

// NewPrinter returns a printer in the form that f and the console ask for. toJSON makes the
// value that --json prints. Its keys are the names of the columns.
func NewPrinter[T any](c *Console, f Format, columns []Column[T], toJSON func(T) any) (*Printer[T], error) {
	chosen, err := Choose(columns, f.Fields, Column[T].usual)
	if err != nil {
		return nil, err
	}
	p := &Printer[T]{w: bufio.NewWriterSize(c.Out, 64<<10), columns: chosen, toJSON: toJSON, live: c.Out.Terminal, end: '\n'}
	p.form = f.actual(c.Out.Terminal)
	switch p.form {
	case JSONLines:
		p.fields = f.Fields
	case FirstColumn:
		p.columns = columns[:1]
	case Table:
		p.setTable(c, f, columns)
	case SHA256Sum:
		if p.columns, err = checksumColumns(columns); err != nil {
			return nil, err
		}
	}
	if f.NUL {
		if p.form != TSV && p.form != FirstColumn {
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: "-0 is for TSV and --quiet only", Hint: "leave --json and --format out"}
		}
		p.end = 0
	}
	p.late = time.AfterFunc(time.Hour, p.flushLate)
	p.late.Stop()
	return p, nil
}

// actual returns the form that a printer uses.
func (f Format) actual(terminal bool) Form {
	switch {
	case f.Form != Auto && f.Form != TSV:
		return f.Form
	case f.Quiet:
		return FirstColumn
	case f.Form == TSV || f.NUL || !terminal:
		return TSV
	}
	return Table
}

// checksumColumns returns the ID and what it is the digest of.
func checksumColumns[T any](columns []Column[T]) ([]Column[T], error) {
	for _, names := range [][]string{{"id", "path"}, {"id", "name"}} {
		if chosen, err := Choose(columns, names, nil); err == nil {
			return chosen, nil
		}
	}
	return nil, &photo.Error{Kind: photo.KindUsage, Msg: "--format sha256sum: these results have no ID with a file", Hint: "it works for photos and files"}
}

// setTable makes the table. The usual one is laid out by the width of the terminal alone, where
// its columns allow that.
func (p *Printer[T]) setTable(c *Console, f Format, columns []Column[T]) {
	width, usual := c.Width(), len(f.Fields) == 0
	if f.Wide {
		width = unlimited
	}
	if usual {
		p.columns, _ = Choose(columns, nil, func(c Column[T]) bool { return c.inTable(f.Wide) })
	}
	p.table = newTable(p.w, width, NewStyle(c.Color))
	for i, col := range p.columns {
		if usual && !f.Wide {
			p.columns[i] = col.brief()
		}
		p.table.head(p.columns[i].head())
	}
	if usual && !f.Wide {
		p.table.fix()
	}
}

// Choose returns the columns with these names, in this order. Without names it returns
// the usual ones.
func Choose[T any](columns []Column[T], names []string, usual func(Column[T]) bool) ([]Column[T], error) {
	var chosen []Column[T]
	if len(names) == 0 {
		for _, c := range columns {
			if usual(c) {
				chosen = append(chosen, c)
			}
		}
		return chosen, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(columns, func(c Column[T]) bool { return c.Name == name })
		if i < 0 {
			var all []string
			for _, c := range columns {
				all = append(all, c.Name)
			}
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: "--fields: no field " + text.Quote(name), Hint: "the fields are " + strings.Join(all, ", ")}
		}
		chosen = append(chosen, columns[i])
	}
	return chosen, nil
}

// Form returns the form in which p prints.
func (p *Printer[T]) Form() Form { return p.form }

// Empty reports whether a table was wanted and nothing was printed. The user then sees neither
// rows nor a header.
func (p *Printer[T]) Empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.form == Table && p.count == 0
}

// HasKey reports whether a JSON line may have the key.
func (p *Printer[T]) HasKey(key string) bool {
	return len(p.fields) == 0 || slices.Contains(p.fields, key)
}

// ShowAtOnce makes a table print each row when it comes. Otherwise it holds back the first
// rows to find the widths of the columns.
func (p *Printer[T]) ShowAtOnce() {
	if p.table != nil {
		p.table.sample = 1
	}
}

// Print writes one result.
func (p *Printer[T]) Print(v T) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if !p.waiting {
		p.waiting = true
		p.late.Reset(flushDelay)
	}
	return p.write(v)
}

// Close writes what is still held back.
func (p *Printer[T]) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late.Stop()
	p.waiting = false
	return p.flush()
}

// flushLate writes what has been held back for long enough. An error stays in w, where
// the next Print finds it.
func (p *Printer[T]) flushLate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting {
		p.waiting = false
		p.flush() //nolint:errcheck // as above
	}
}

func (p *Printer[T]) flush() error {
	if p.table != nil {
		if err := p.table.close(); err != nil {
			return err
		}
	}
	return p.w.Flush()
}

func (p *Printer[T]) write(v T) error {
	switch p.form {
	case JSONLines:
		line, err := JSONLine(p.toJSON(v), p.fields)
		if err != nil {
			return err
		}
		return p.line(line)
	case Table:
		return p.table.row(p.cells(v))
	case CSV:
		return p.writeCSV(v)
	case SHA256Sum:
		id, file := p.columns[0].Text(v), p.columns[1].Text(v)
		if id == "" {
			return nil
		}
		if p.live {
			return p.line([]byte(id + "  " + text.Escape(file) + "\n"))
		}
		return p.line(append(lineSHA256(id, file), p.end))
	}
	if len(p.columns) == 1 && p.end == 0 {
		return p.line(append([]byte(p.columns[0].Text(v)), 0))
	}
	if p.form == FirstColumn {
		value := p.columns[0].Text(v)
		if p.live {
			return p.line([]byte(text.Escape(value) + "\n"))
		}
		return p.line([]byte(strings.ReplaceAll(value, "\n", `\n`) + "\n")) // as --from reads it: bytes, one item per line
	}
	return p.line(p.rowTSV(v))
}

// writeCSV writes a record of CSV, before the first one the header. A spreadsheet must not run a
// value as a formula, but a program must read the value as it is, so it is not changed.
func (p *Printer[T]) writeCSV(v T) error {
	var b []byte
	if !p.headed {
		p.headed = true
		names := make([]string, len(p.columns))
		for i, c := range p.columns {
			names[i] = c.Name
		}
		b = appendCSV(b, names)
	}
	values := make([]string, len(p.columns))
	for i, c := range p.columns {
		values[i] = c.Text(v)
		if p.live {
			values[i] = text.Escape(values[i])
		}
	}
	return p.line(appendCSV(b, values))
}

// rowTSV returns the line of TSV that shows v.
func (p *Printer[T]) rowTSV(v T) []byte {
	var line []byte
	for i, c := range p.columns {
		if i > 0 {
			line = append(line, '\t')
		}
		line = append(line, cellTSV(c.Text(v), i == len(p.columns)-1)...)
	}
	return append(line, p.end)
}

// cells returns the row of a table that shows v.
func (p *Printer[T]) cells(v T) []cell {
	cells := make([]cell, len(p.columns))
	for i, c := range p.columns {
		cells[i].text = text.Line(c.show(v))
		if c.Tint != nil {
			cells[i].tint = c.Tint(v)
		}
	}
	return cells
}

// line writes a whole line.
func (p *Printer[T]) line(b []byte) error {
	if _, err := p.w.Write(b); err != nil || !p.live {
		return err
	}
	return p.w.Flush()
}
