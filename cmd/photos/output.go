package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
	"photos/internal/text"
)

// The rules of what goes to stdout:
//
//   - On a terminal a table with a header. In a pipe TSV without one, whose
//     columns are a contract: new ones come only at the end.
//   - In TSV an empty value is "-" in every column but the last, and "-" is "\-", so
//     that a shell's read, which takes two tabs for one, finds every column.
//   - --json prints JSON Lines whatever stdout is; --quiet the first column, in a
//     pipe as --from reads it.
//   - Nothing is held back for longer than flushDelay, so that the reader of a pipe
//     sees each line soon after it is known.
//   - Both come from the same value, so they cannot drift apart.
//   - A name or description never drives the terminal (package text): control
//     characters are escaped in TSV and JSON and replaced in tables.

// column is one field of a T: as TSV prints it, and as a table shows it.
type column[T any] struct {
	name  string
	text  func(T) string
	show  func(T) string // nil: text
	extra bool           // printed only when --fields asks for it
	right bool           // numbers line up at the right
	least int            // as in tableHead
	end   bool           // as in tableHead
}

// within makes columns of a U from those of a T that is a part of it.
func within[T, U any](columns []column[T], part func(U) T) []column[U] {
	out := make([]column[U], len(columns))
	for i, c := range columns {
		out[i] = column[U]{name: c.name, extra: c.extra, right: c.right, least: c.least, end: c.end, text: func(u U) string { return c.text(part(u)) }}
		if c.show != nil {
			out[i].show = func(u U) string { return c.show(part(u)) }
		}
	}
	return out
}

// flushDelay is how long a line may be held back, so that lines which come close
// together are written together.
const flushDelay = 100 * time.Millisecond

// printer writes Ts to stdout in the form the person asked for.
type printer[T any] struct {
	mu      sync.Mutex
	late    *time.Timer // flushes what is held back
	waiting bool        // late is set
	w       *bufio.Writer
	columns []column[T]
	toJSON  func(T) any
	pick    []string // keys of the JSON object to keep; nil: all
	form    form
	live    bool // flush after each line: someone is watching
	table   *table
}

type form int

const (
	formTSV form = iota
	formTable
	formJSON
	formQuiet
)

// newPrinter chooses the form from the settings. toJSON makes the value that
// --json prints; its keys are the names of the columns.
func newPrinter[T any](e *env, columns []column[T], toJSON func(T) any) (*printer[T], error) {
	chosen, err := choose(columns, e.set.Fields)
	if err != nil {
		return nil, err
	}
	p := &printer[T]{w: bufio.NewWriterSize(e.out, 64<<10), columns: chosen, toJSON: toJSON, live: e.terminal.out}
	switch {
	case e.set.JSON:
		p.form, p.pick = formJSON, e.set.Fields
	case e.set.Quiet:
		p.form, p.columns = formQuiet, columns[:1]
	case e.terminal.out:
		p.form = formTable
		p.table = newTable(p.w, e.terminal.width(), !e.set.NoColor)
		for _, c := range chosen {
			p.table.head(tableHead{name: c.name, right: c.right, least: c.least, end: c.end})
		}
	}
	p.late = time.AfterFunc(time.Hour, p.flushLate)
	p.late.Stop()
	return p, nil
}

// choose is the columns that --fields names, in its order, or those printed without it.
func choose[T any](columns []column[T], fields []string) ([]column[T], error) {
	var chosen []column[T]
	if len(fields) == 0 {
		for _, c := range columns {
			if !c.extra {
				chosen = append(chosen, c)
			}
		}
		return chosen, nil
	}
	for _, f := range fields {
		i := slices.IndexFunc(columns, func(c column[T]) bool { return c.name == f })
		if i < 0 {
			var names []string
			for _, c := range columns {
				names = append(names, c.name)
			}
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: "--fields: no field " + quote(f), Hint: "the fields are " + strings.Join(names, ", ")}
		}
		chosen = append(chosen, columns[i])
	}
	return chosen, nil
}

// prints reports whether a JSON line may have the key.
func (p *printer[T]) prints(key string) bool {
	return len(p.pick) == 0 || slices.Contains(p.pick, key)
}

// print writes one result.
func (p *printer[T]) print(v T) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.waiting {
		p.waiting = true
		p.late.Reset(flushDelay)
	}
	return p.write(v)
}

// flushLate writes what has been held back for long enough. An error stays in w, where
// the next print finds it.
func (p *printer[T]) flushLate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting {
		p.waiting = false
		p.flush() //nolint:errcheck // as above
	}
}

func (p *printer[T]) flush() error {
	if p.table != nil {
		if err := p.table.close(); err != nil {
			return err
		}
	}
	return p.w.Flush()
}

func (p *printer[T]) write(v T) error {
	switch p.form {
	case formJSON:
		line, err := jsonLine(p.toJSON(v), p.pick)
		if err != nil {
			return err
		}
		_, err = p.w.Write(line)
		return p.flushIfLive(err)
	case formTable:
		cells := make([]string, len(p.columns))
		for i, c := range p.columns {
			show := c.show
			if show == nil {
				show = c.text
			}
			cells[i] = text.Line(show(v))
		}
		return p.table.row(cells)
	}
	if p.form == formQuiet && p.live {
		_, err := p.w.WriteString(text.Escape(p.columns[0].text(v)) + "\n")
		return p.flushIfLive(err)
	}
	if p.form == formQuiet {
		// As --from reads it: bytes, and a line each.
		_, err := p.w.WriteString(strings.ReplaceAll(p.columns[0].text(v), "\n", `\n`) + "\n")
		return err
	}
	for i, c := range p.columns {
		if i > 0 {
			p.w.WriteByte('\t') //nolint:errcheck // a bufio.Writer keeps its first error for Flush
		}
		p.w.WriteString(tsvCell(c.text(v), i == len(p.columns)-1)) //nolint:errcheck // as above
	}
	return p.flushIfLive(p.w.WriteByte('\n'))
}

func (p *printer[T]) flushIfLive(err error) error {
	if err != nil || !p.live {
		return err
	}
	return p.w.Flush()
}

// close writes what is still held back.
func (p *printer[T]) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late.Stop()
	p.waiting = false
	return p.flush()
}

// word returns a single foreign word as stdout gets it.
func (e *env) word(s string) string {
	if e.terminal.out {
		return text.Escape(s)
	}
	return escapeTSV(s)
}

// jsonLine is one object on one line, with only the keys in pick when there are any.
func jsonLine(v any, pick []string) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if len(pick) == 0 {
		return text.JSON(buf.Bytes()), nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(buf.Bytes(), &all); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	line := []byte{'{'}
	for i, key := range pick {
		value, ok := all[key]
		if !ok {
			value = json.RawMessage("null")
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(fmt.Appendf(line, "%q:", key), value...)
	}
	return text.JSON(append(line, '}', '\n')), nil
}

// tsvCell is a value as TSV prints it in a cell that is the last of its line, or not.
func tsvCell(s string, last bool) string {
	switch {
	case s == "" && !last:
		return "-"
	case s == "-":
		return `\-`
	}
	return escapeTSV(s)
}

// escapeTSV keeps a value in its cell: tab, newline, carriage return, backslash
// and all other control characters are escaped with a backslash. Bytes that are
// no UTF-8 pass as they are, since a pipe is no terminal.
func escapeTSV(s string) string {
	if strings.IndexFunc(s, needsEscape) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteByte(s[0])
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\\':
			b.WriteString(`\\`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

func needsEscape(r rune) bool { return r == '\\' || unicode.IsControl(r) }
