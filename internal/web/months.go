package web

import (
	"slices"
	"time"

	"photos/internal/photo"
)

// year is how many photos were taken in a year, and in each of its months.
type year struct {
	Name   string
	Photos int64
	Months []taken
}

// taken is how many photos were taken in a month.
type taken struct {
	Month  string // like 2024-07, as addresses have it
	Name   string // like July
	Photos int64
}

// years groups counts of months, which come in their order, by year, the last one first. Photos
// without a date are in none.
func years(months []photo.Tally) []year {
	var all []year
	for _, m := range slices.Backward(months) {
		t, err := time.Parse("2006-01", m.Value)
		if err != nil {
			continue
		}
		name := t.Format("2006")
		if n := len(all); n == 0 || all[n-1].Name != name {
			all = append(all, year{Name: name})
		}
		last := &all[len(all)-1]
		last.Photos += m.Photos
		last.Months = append(last.Months, taken{m.Value, t.Format("January"), m.Photos})
	}
	return all
}
