package term

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// table prints rows in columns that fit a terminal. It holds the first rows back to find
// the widths, so that a list of any length begins to show at once and needs no memory. A
// later row that is wider than those widths gets the columns it needs, as long as the row
// fits the terminal; it is then not aligned with the others.
type table struct {
	w      io.Writer
	sample int // how many rows decide the widths
	width  int // columns of the terminal
	style  Style
	heads  []tableHead
	widths []int
	held   [][]string // rows that wait until the widths are known
	ready  bool       // the widths are known
}

// tableHead is what a table knows about a column before it sees a row. See Column.
type tableHead struct {
	name  string
	right bool
	least int
	end   bool
}

// cut makes a value fit.
func (h tableHead) cut(s string, width int) string {
	if h.end {
		return runewidth.TruncatePrefix(s, width, "…")
	}
	return runewidth.Truncate(s, width, "…")
}

const (
	tableSample = 100
	tableGap    = "  "
)

func newTable(w io.Writer, width int, style Style) *table {
	return &table{w: w, sample: tableSample, width: width, style: style}
}

func (t *table) head(h tableHead) {
	h.name = strings.ToUpper(strings.ReplaceAll(h.name, "_", " "))
	t.heads = append(t.heads, h)
	t.widths = append(t.widths, max(h.least, runewidth.StringWidth(h.name)))
}

func (t *table) row(cells []string) error {
	if t.ready {
		return t.write(cells, "", "")
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
			t.widths[i] = max(t.widths[i], runewidth.StringWidth(c))
		}
	}
	t.fit()
	names := make([]string, len(t.heads))
	for i, h := range t.heads {
		names[i] = h.name
	}
	if err := t.write(names, t.style.Dim, t.style.Plain); err != nil {
		return err
	}
	for _, cells := range t.held {
		if err := t.write(cells, "", ""); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

// fit narrows columns until a row fits the terminal. It narrows those without a least
// width first, and the others only if that is not enough.
func (t *table) fit() {
	t.narrow(func(i int) bool { return t.heads[i].least == 0 })
	t.narrow(func(int) bool { return true })
}

// narrow takes columns from the widest cell that may be narrower, again and again.
func (t *table) narrow(may func(i int) bool) {
	const least = 8
	total := len(tableGap) * (len(t.widths) - 1)
	for _, w := range t.widths {
		total += w
	}
	for ; total > t.width; total-- {
		widest := -1
		for i, w := range t.widths {
			if may(i) && w > least && (widest < 0 || w > t.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		t.widths[widest]--
	}
}

func (t *table) write(cells []string, before, after string) error {
	spare := t.spare(cells)
	var b strings.Builder
	b.WriteString(before)
	for i, c := range cells {
		if i > 0 {
			b.WriteString(tableGap)
		}
		width := t.widths[i]
		if over := min(runewidth.StringWidth(c)-width, spare); over > 0 {
			width, spare = width+over, spare-over
		}
		c = t.heads[i].cut(c, width)
		switch {
		case t.heads[i].right:
			c = runewidth.FillLeft(c, width)
		case i < len(cells)-1:
			c = runewidth.FillRight(c, width)
		}
		b.WriteString(c)
	}
	b.WriteString(after + "\n")
	_, err := io.WriteString(t.w, b.String())
	return err
}

// spare returns how many columns of the terminal a row leaves free when the last cell has
// only the width that it needs.
func (t *table) spare(cells []string) int {
	last := len(cells) - 1
	used := len(tableGap)*last + min(t.widths[last], runewidth.StringWidth(cells[last]))
	for _, w := range t.widths[:last] {
		used += w
	}
	return max(0, t.width-used)
}
