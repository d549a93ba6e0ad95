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
//   - --json prints JSON Lines, whatever stdout is. --quiet prints the first column, in
//     a pipe as --from reads it.
//   - No line is held back for longer than flushDelay, so that the reader of a pipe
//     sees it soon.
//   - All forms come from the same value, so they cannot differ.
//   - No name or description controls the terminal (package text). TSV and JSON escape
//     control characters, and tables replace them.

// Column is one field of a T: as TSV prints it, and as a table shows it.
type Column[T any] struct {
	Name  string
	Text  func(T) string
	Show  func(T) string // nil: Text
	Extra bool           // printed only when --fields asks for it
	Right bool           // numbers line up at the right
	Least int            // columns that a value needs; 0: any, so that this column is narrowed first
	End   bool           // where a value does not fit, its end is shown and not its beginning
}

// Within makes columns of a U from those of a T that is part of it.
func Within[T, U any](columns []Column[T], part func(U) T) []Column[U] {
	out := make([]Column[U], len(columns))
	for i, c := range columns {
		out[i] = Column[U]{Name: c.Name, Extra: c.Extra, Right: c.Right, Least: c.Least, End: c.End, Text: func(u U) string { return c.Text(part(u)) }}
		if c.Show != nil {
			out[i].Show = func(u U) string { return c.Show(part(u)) }
		}
	}
	return out
}

// flushDelay is how long a line may be held back, so that lines which come close
// together are written together.
const flushDelay = 100 * time.Millisecond

// Format says what the user wants on stdout.
type Format struct {
	JSON   bool
	Quiet  bool
	Fields []string // the columns to print, in this order; none: the usual ones
	Color  bool
}

// Form is how a Printer writes.
type Form int

// The forms.
const (
	TSV Form = iota
	Table
	JSONLines
	FirstColumn
)

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
	live    bool // flush after each line, since a user is watching
	table   *table
}

// NewPrinter returns a printer in the form that f and the console ask for. toJSON makes the
// value that --json prints. Its keys are the names of the columns.
func NewPrinter[T any](c *Console, f Format, columns []Column[T], toJSON func(T) any) (*Printer[T], error) {
	chosen, err := Choose(columns, f.Fields)
	if err != nil {
		return nil, err
	}
	p := &Printer[T]{w: bufio.NewWriterSize(c.Out, 64<<10), columns: chosen, toJSON: toJSON, live: c.Out.Terminal}
	switch {
	case f.JSON:
		p.form, p.fields = JSONLines, f.Fields
	case f.Quiet:
		p.form, p.columns = FirstColumn, columns[:1]
	case c.Out.Terminal:
		p.form = Table
		p.table = newTable(p.w, c.Width(), NewStyle(f.Color))
		for _, col := range chosen {
			p.table.head(tableHead{name: col.Name, right: col.Right, least: col.Least, end: col.End})
		}
	}
	p.late = time.AfterFunc(time.Hour, p.flushLate)
	p.late.Stop()
	return p, nil
}

// Choose returns the columns with these names, in this order. Without names it returns
// the usual ones.
func Choose[T any](columns []Column[T], names []string) ([]Column[T], error) {
	var chosen []Column[T]
	if len(names) == 0 {
		for _, c := range columns {
			if !c.Extra {
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
	case FirstColumn:
		value := p.columns[0].Text(v)
		if p.live {
			return p.line([]byte(text.Escape(value) + "\n"))
		}
		return p.line([]byte(strings.ReplaceAll(value, "\n", `\n`) + "\n")) // as --from reads it: bytes, one item per line
	}
	return p.line(p.rowTSV(v))
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
	return append(line, '\n')
}

// cells returns the row of a table that shows v.
func (p *Printer[T]) cells(v T) []string {
	cells := make([]string, len(p.columns))
	for i, c := range p.columns {
		show := c.Show
		if show == nil {
			show = c.Text
		}
		cells[i] = text.Line(show(v))
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
