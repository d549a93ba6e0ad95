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
	names  []string
	right  []bool
	widths []int
	held   [][]string // until the widths are known
	ready  bool
}

const (
	tableSample = 100
	tableGap    = "  "
)

func newTable(w io.Writer, width int, color bool) *table {
	return &table{w: w, sample: tableSample, width: width, color: color}
}

func (t *table) head(name string, right bool, least int) {
	t.names = append(t.names, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
	t.right = append(t.right, right)
	t.widths = append(t.widths, least)
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
	for _, cells := range append([][]string{t.names}, t.held...) {
		for i, c := range cells {
			t.widths[i] = max(t.widths[i], runewidth.StringWidth(c))
		}
	}
	t.fit()
	dim, plain := "", ""
	if t.color {
		dim, plain = "\x1b[2m", "\x1b[0m"
	}
	if err := t.write(t.names, dim, plain); err != nil {
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

// fit narrows the widest columns until a row fits the terminal.
func (t *table) fit() {
	const least = 8
	total := len(tableGap) * (len(t.widths) - 1)
	for _, w := range t.widths {
		total += w
	}
	for total > t.width {
		widest := 0
		for i, w := range t.widths {
			if w > t.widths[widest] {
				widest = i
			}
		}
		if t.widths[widest] <= least {
			return
		}
		t.widths[widest]--
		total--
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
		c = runewidth.Truncate(c, width, "…")
		switch {
		case t.right[i]:
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
