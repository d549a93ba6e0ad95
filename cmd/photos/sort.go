package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/term"
)

// sortOptions say in which order list prints photos. Without them it is the order of the service.
type sortOptions struct {
	field   string
	reverse bool
}

// given reports whether the photos have to be collected before the first one is printed.
func (o sortOptions) given() bool { return o.field != "" || o.reverse }

// check refuses a field that photos do not have.
func (o sortOptions) check() error {
	if o.field == "" {
		return nil
	}
	_, err := o.column()
	return err
}

// column returns the column to sort by.
func (o sortOptions) column() (term.Column[photo.Photo], error) {
	columns := photoColumns()
	name := o.field
	switch name {
	case "size":
		name = "bytes"
	case "taken", "uploaded", "modified":
		name += "_at"
	}
	i := slices.IndexFunc(columns, func(c term.Column[photo.Photo]) bool { return c.Name == name })
	if i < 0 {
		return term.Column[photo.Photo]{}, &photo.Error{Kind: photo.KindUsage, Msg: "--sort: no field " + quote(o.field), Hint: "photos list --fields help shows the fields"}
	}
	return columns[i], nil
}

// sort orders photos: by times and numbers the largest first, by texts from A to Z without regard
// to case. Photos without the value come last, also in reverse.
func (o sortOptions) sort(photos []photo.Photo) error {
	if o.field == "" {
		slices.Reverse(photos)
		return nil
	}
	column, err := o.column()
	if err != nil {
		return err
	}
	keyed := make([]sortKey, len(photos))
	for i, p := range photos {
		keyed[i] = newSortKey(column, p)
	}
	slices.SortStableFunc(keyed, func(a, b sortKey) int {
		order := a.compare(b)
		if o.reverse {
			order = -order
		}
		return cmp.Or(absentLast(a.absent, b.absent), order)
	})
	for i, k := range keyed {
		photos[i] = k.photo
	}
	return nil
}

// sortKey is a photo with the value that decides its place.
type sortKey struct {
	photo  photo.Photo
	absent bool
	number float64
	text   string
}

func newSortKey(c term.Column[photo.Photo], p photo.Photo) sortKey {
	value := c.Text(p)
	k := sortKey{photo: p, absent: value == ""}
	switch {
	case c.Name == "taken_at":
		k.number = float64(p.TakenAt.Time().UnixNano())
	case c.Name == "uploaded_at":
		k.number = float64(p.UploadedAt.UnixNano())
	case c.Right:
		k.number, _ = strconv.ParseFloat(value, 64) // an absent number is 0
	default:
		k.text = strings.ToLower(value)
	}
	return k
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(cmp.Compare(other.number, k.number), strings.Compare(k.text, other.text))
}

func absentLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
