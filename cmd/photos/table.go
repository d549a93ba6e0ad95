package main

import (
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// table prints rows in columns that fit a terminal. It holds the first rows
// back to find the widths, so that a list of any length begins to show at once
// and needs no memory. A later row that needs more than those widths gets it, out
// of line, as long as the terminal is wide enough for the row.
type table struct {
	w      io.Writer
	sample int // how many rows decide the widths
	width  int // columns of the terminal
	color  bool
	heads  []tableHead
	widths []int
	held   [][]string // until the widths are known
	ready  bool
}

// tableHead is what a table knows of a column before it sees a row.
type tableHead struct {
	name  string
	right bool // numbers line up at the right
	least int  // columns; 0 when values are of any width, so that they give way first
	end   bool // where a value does not fit, its end is what tells it from others
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

func newTable(w io.Writer, width int, color bool) *table {
	return &table{w: w, sample: tableSample, width: width, color: color}
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
	return t.settle()
}

func (t *table) close() error {
	if t.ready || len(t.held) == 0 {
		return nil
	}
	return t.settle()
}

// settle fixes the widths and prints what was held back.
func (t *table) settle() error {
	t.ready = true
	for _, cells := range t.held {
		for i, c := range cells {
			t.widths[i] = max(t.widths[i], runewidth.StringWidth(c))
		}
	}
	t.fit()
	dim, plain := "", ""
	if t.color {
		dim, plain = "\x1b[2m", "\x1b[0m"
	}
	names := make([]string, len(t.heads))
	for i, h := range t.heads {
		names[i] = h.name
	}
	if err := t.write(names, dim, plain); err != nil {
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

// fit narrows columns until a row fits the terminal: those of any width, and the
// others only when that does not suffice.
func (t *table) fit() {
	t.narrow(func(i int) bool { return t.heads[i].least == 0 })
	t.narrow(func(int) bool { return true })
}

// narrow takes from the widest of the columns that may be narrower.
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
	room := t.room(cells)
	var b strings.Builder
	b.WriteString(before)
	for i, c := range cells {
		if i > 0 {
			b.WriteString(tableGap)
		}
		width := t.widths[i]
		if over := min(runewidth.StringWidth(c)-width, room); over > 0 {
			width, room = width+over, room-over
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

// room is how many columns of the terminal a row leaves when its cells have their
// widths, and the last one only what it needs.
func (t *table) room(cells []string) int {
	last := len(cells) - 1
	used := len(tableGap)*last + min(t.widths[last], runewidth.StringWidth(cells[last]))
	for _, w := range t.widths[:last] {
		used += w
	}
	return max(0, t.width-used)
}
