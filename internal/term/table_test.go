package term

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLaterRowsOfATable: a row that comes after the widths are fixed is shown whole if the
// terminal is wide enough.
func TestLaterRowsOfATable(t *testing.T) {
	var b strings.Builder
	tab := newTable(&b, 40, Style{})
	tab.sample = 1
	tab.head(tableHead{name: "id", least: 4})
	tab.head(tableHead{name: "outcome", least: 9})
	tab.head(tableHead{name: "path", end: true})
	for _, row := range [][]string{
		{"", "failed", "a.txt"},
		{"0123", "uploaded", "album/IMG_00001.jpg"},
		{"0123", "uploaded", "a/very/long/path/that/does/not/fit.jpg"},
		{"0123456789", "uploaded", "b.jpg"},
	} {
		if err := tab.row(row); err != nil {
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
