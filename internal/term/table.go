package term

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// table prints rows in columns that fit a terminal.
//
// If every column knows its width or has a share of what the others leave, the layout depends
// only on the width of the terminal. It is then the same in each run, and each row is printed
// when it comes.
//
// Otherwise the table holds the first rows back to find the widths, so that a list of any
// length begins to show at once and needs no memory. A later row that is wider than those
// widths gets the columns it needs, as long as the row fits the terminal; it is then not
// aligned with the others.
type table struct {
	w      io.Writer
	sample int // how many rows decide the widths
	width  int // columns of the terminal; unlimited for a table whose values are never cut
	style  Style
	heads  []tableHead
	widths []int
	held   [][]cell // rows that wait until the widths are known
	ready  bool     // the widths are known
	fixed  bool     // the layout depends on the terminal only
}

// tableHead is what a table knows about a column before it sees a row. See Column.
type tableHead struct {
	name  string
	right bool
	least int
	share int
	most  int
	cut   Cut
}

// cell is one value of a row, as it is shown.
type cell struct {
	text string
	tint Tint
}

// Cut says which part of a value is shown where it does not fit.
type Cut int

// The cuts. An ellipsis is where something is missing.
const (
	KeepStart Cut = iota
	KeepEnd
	KeepBoth
)

// apply makes a value fit.
func (c Cut) apply(s string, width int) string {
	switch {
	case runewidth.StringWidth(s) <= width:
		return s
	case c == KeepEnd:
		return "…" + lastCells(s, width-1)
	case c == KeepBoth:
		start := runewidth.Truncate(s, width/2, "")
		return start + "…" + lastCells(s, width-1-runewidth.StringWidth(start))
	}
	return runewidth.Truncate(s, width, "…")
}

// lastCells returns the end of s that takes at most so many columns.
func lastCells(s string, width int) string {
	end := runewidth.TruncateLeft(s, runewidth.StringWidth(s)-width, "")
	if !strings.HasSuffix(s, end) { // a space stands for half of a wide character
		end = end[1:]
	}
	return end
}

const (
	tableSample = 100
	tableGap    = "  "
	tableLeast  = 8 // columns that a value keeps when it is cut
	unlimited   = 1 << 20
)

func newTable(w io.Writer, width int, style Style) *table {
	return &table{w: w, sample: tableSample, width: width, style: style}
}

func (t *table) head(h tableHead) {
	t.heads = append(t.heads, h)
	t.widths = append(t.widths, max(h.least, runewidth.StringWidth(h.name)))
}

// fix gives each column its width, if that can be known without a row.
func (t *table) fix() {
	shares := 0
	for _, h := range t.heads {
		if h.share == 0 && h.least == 0 {
			return
		}
		shares += h.share
	}
	if shares == 0 {
		return
	}
	t.fixed, t.ready = true, true
	free := t.width - len(tableGap)*(len(t.heads)-1)
	for i, h := range t.heads {
		if h.share == 0 {
			free -= t.widths[i]
		}
	}
	for i, h := range t.heads {
		if h.share > 0 {
			t.widths[i] = max(tableLeast, free*h.share/shares)
			if h.most > 0 {
				t.widths[i] = min(t.widths[i], h.most)
			}
			free, shares = free-t.widths[i], shares-h.share
		}
	}
	t.narrow(func(int) bool { return true })
}

func (t *table) row(cells []cell) error {
	if t.fixed && t.held == nil {
		t.held = [][]cell{} // the header is printed once
		if err := t.header(); err != nil {
			return err
		}
	}
	if t.ready {
		return t.write(cells)
	}
	if t.held = append(t.held, cells); len(t.held) < t.sample {
		return nil
	}
	return t.begin()
}

func (t *table) close() error {
	if t.ready || len(t.held) == 0 {
		return nil
	}
	return t.begin()
}

// begin fixes the widths, and prints the header and the rows that were held back.
func (t *table) begin() error {
	t.ready = true
	for _, cells := range t.held {
		for i, c := range cells {
			t.widths[i] = max(t.widths[i], runewidth.StringWidth(c.text))
		}
	}
	t.narrow(func(i int) bool { return t.heads[i].least == 0 })
	t.narrow(func(int) bool { return true })
	if err := t.header(); err != nil {
		return err
	}
	for _, cells := range t.held {
		if err := t.write(cells); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

func (t *table) header() error {
	names := make([]cell, len(t.heads))
	for i, h := range t.heads {
		names[i] = cell{h.name, Faint}
	}
	return t.write(names)
}

// narrow takes columns from the widest cell that may be narrower until a row fits the terminal.
func (t *table) narrow(may func(i int) bool) {
	total := len(tableGap) * (len(t.widths) - 1)
	for _, w := range t.widths {
		total += w
	}
	for ; total > t.width; total-- {
		widest := -1
		for i, w := range t.widths {
			if may(i) && w > tableLeast && (widest < 0 || w > t.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		t.widths[widest]--
	}
}

func (t *table) write(cells []cell) error {
	spare := t.spare(cells)
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString(tableGap)
		}
		width := t.widths[i]
		if over := min(runewidth.StringWidth(c.text)-width, spare); over > 0 {
			width, spare = width+over, spare-over
		}
		value := t.heads[i].cut.apply(c.text, width)
		pad := strings.Repeat(" ", max(0, width-runewidth.StringWidth(value)))
		value = t.style.Paint(c.tint, value)
		switch {
		case t.heads[i].right:
			value = pad + value
		case i < len(cells)-1:
			value += pad
		}
		b.WriteString(value)
	}
	_, err := io.WriteString(t.w, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

// spare returns how many columns of the terminal a row leaves free when the last cell has
// only the width that it needs.
func (t *table) spare(cells []cell) int {
	last := len(cells) - 1
	if t.fixed || last < 0 {
		return 0
	}
	used := len(tableGap)*last + min(t.widths[last], runewidth.StringWidth(cells[last].text))
	for _, w := range t.widths[:last] {
		used += w
	}
	return max(0, t.width-used)
}
