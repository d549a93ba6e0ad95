package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/transfer"
)

func TestSort(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2024, 5, d, 12, 0, 0, 0, time.UTC) }
	photos := []photo.Photo{
		{Name: "b.jpg", Size: 9, UploadedAt: day(3), TakenAt: photo.At(day(9)), Camera: "x"},
		{Name: "A.jpg", Size: 10, UploadedAt: day(2)},
		{Name: "c.jpg", Size: 100, UploadedAt: day(1), TakenAt: photo.AtWallClock(day(10)), Camera: "Y"},
	}
	for _, c := range []struct {
		order sortOptions
		want  string
	}{
		{sortOptions{reverse: true}, "c A b"},
		{sortOptions{field: "name"}, "A b c"},
		{sortOptions{field: "name", reverse: true}, "c b A"},
		{sortOptions{field: "size"}, "c A b"},
		{sortOptions{field: "bytes", reverse: true}, "b A c"},
		{sortOptions{field: "taken"}, "c b A"},
		{sortOptions{field: "taken_at", reverse: true}, "b c A"},
		{sortOptions{field: "uploaded"}, "b A c"},
		{sortOptions{field: "camera"}, "b c A"},
		{sortOptions{field: "camera", reverse: true}, "c b A"},
	} {
		got := slices.Clone(photos)
		if err := c.order.sort(got); err != nil {
			t.Error(err)
		}
		var names []string
		for _, p := range got {
			names = append(names, strings.TrimSuffix(p.Name, ".jpg"))
		}
		if s := strings.Join(names, " "); s != c.want {
			t.Errorf("%+v: %s, want %s", c.order, s, c.want)
		}
	}
	if err := (sortOptions{field: "colour"}).check(); photo.KindOf(err) != photo.KindUsage {
		t.Errorf("an unknown field: %v", err)
	}
}

func TestInOrder(t *testing.T) {
	var got []int
	each := func(r transfer.Record) { got = append(got, r.Index) }
	o := newInOrder(true, func(r transfer.Record) int { return r.Index })
	for _, i := range []int{2, 0, 1, 5, 4, 7} {
		o.add(transfer.Record{Item: transfer.Item{Index: i}}, each)
	}
	if want := []int{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("let through %v, want %v", got, want)
	}
	o.rest(each)
	if want := []int{0, 1, 2, 4, 5, 7}; !slices.Equal(got, want) {
		t.Errorf("in the end %v, want %v", got, want)
	}
}
