package term

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
)

func cellsOf(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, s := range texts {
		cells[i].text = s
	}
	return cells
}

// TestLaterRowsOfATable: a row that comes after the widths are fixed is shown whole if the
// terminal is wide enough.
func TestLaterRowsOfATable(t *testing.T) {
	var b strings.Builder
	tab := newTable(&b, 40, Style{})
	tab.sample = 1
	tab.head(tableHead{name: "ID", least: 4})
	tab.head(tableHead{name: "OUTCOME", least: 9})
	tab.head(tableHead{name: "PATH", cut: KeepEnd})
	for _, row := range [][]string{
		{"", "failed", "a.txt"},
		{"0123", "uploaded", "album/IMG_00001.jpg"},
		{"0123", "uploaded", "a/very/long/path/that/does/not/fit.jpg"},
		{"0123456789", "uploaded", "b.jpg"},
	} {
		if err := tab.row(cellsOf(row...)); err != nil {
			t.Fatal(err)
		}
	}
	want := `ID    OUTCOME    PATH
      failed     a.txt
0123  uploaded   album/IMG_00001.jpg
0123  uploaded   …/that/does/not/fit.jpg
0123456789  uploaded   b.jpg
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestFixedTable: where the columns allow it, the layout follows from the width of the terminal
// alone, and each row is written at once.
func TestFixedTable(t *testing.T) {
	for _, width := range []int{20, 40, 80, 200} {
		var b strings.Builder
		tab := newTable(&b, width, Style{})
		tab.head(tableHead{name: "ID", least: 4})
		tab.head(tableHead{name: "NAME", share: 2, most: 30, cut: KeepEnd})
		tab.head(tableHead{name: "DESCRIPTION", share: 3})
		tab.fix()
		before := 0
		for _, row := range [][]string{
			{"0123", "a.jpg", "x"},
			{"0123", "a very long name that hardly fits.jpg", strings.Repeat("long ", 60)},
			{"0123", "東京タワーの上から.jpg", strings.Repeat("東京", 80)},
			{"0123", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦.jpg", "last"},
		} {
			if err := tab.row(cellsOf(row...)); err != nil {
				t.Fatal(err)
			}
			if b.Len() == before {
				t.Error("a row was held back")
			}
			before = b.Len()
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		before0, _, _ := strings.Cut(lines[0], "DESC")
		column := runewidth.StringWidth(before0)
		for i, value := range []string{"DESC", "x", "long", "東京", "last"} {
			line := lines[i]
			if n := runewidth.StringWidth(line); n > max(width, 24) {
				t.Errorf("width %d: %d columns: %q", width, n, line)
			}
			at := strings.LastIndex(line, "  "+value)
			if at < 0 || runewidth.StringWidth(line[:at])+2 != column {
				t.Errorf("width %d: %q is not in column %d of %q", width, value, column, line)
			}
		}
	}
}
