package photo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"photos/internal/photo"
)

// Every source replaces worse ones only.
func TestLearnPrefersTheBetterSource(t *testing.T) {
	t.Parallel()
	modified := time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600))
	sources := []photo.FactSource{"", photo.FactModified, photo.FactTakeout, photo.FactSidecar, photo.FactEmbedded, photo.FactUser, "a later version's"}
	for i, old := range sources {
		for j, source := range sources[:6] {
			p := photo.Photo{TakenSource: old, PositionSource: old, ModifiedAt: modified}
			if old != "" {
				p.TakenAt, p.Position = photo.At(time.Unix(1e9, 0)), &photo.Position{Latitude: 1}
			}
			f := photo.Facts{Taken: photo.At(time.Unix(2e9, 0)), TakenSource: source, Position: &photo.Position{Latitude: 2}, PositionSource: source}
			want := j > i
			if got := f.Improve(photo.Status{TakenSource: old, PositionSource: old}); got != want {
				t.Errorf("%q improves %q: %v", source, old, got)
			}
			if got := p.Learn(f); got != want || (p.TakenSource == source) != (j >= i) || want && (p.Position.Latitude != 2 || p.TakenAt.Time().Unix() != 2e9) {
				t.Errorf("%q replaces %q: %v, %+v", source, old, got, p)
			}
		}
	}
}

// A photo keeps its folder, and gets the tags that it does not have.
func TestLearnFolderAndTags(t *testing.T) {
	t.Parallel()
	p := photo.Photo{Tags: []string{"beach", "holiday"}}
	s := photo.Status{Tags: p.Tags}
	f := photo.Facts{Folder: "2024/holiday", Tags: []string{"beach", "family"}}
	if !f.Improve(s) || !p.Learn(f) || p.Folder != f.Folder || !slices.Equal(p.Tags, []string{"beach", "family", "holiday"}) {
		t.Errorf("learned: %+v", p)
	}
	if !slices.Equal(s.Tags, []string{"beach", "holiday"}) {
		t.Errorf("learning changed the tags of a copy: %q", s.Tags)
	}
	s = photo.Status{Folder: p.Folder, Tags: p.Tags}
	for _, f := range []photo.Facts{f, {Folder: "elsewhere"}, {}} {
		if f.Improve(s) || p.Learn(f) {
			t.Errorf("%+v changed %+v", f, p)
		}
	}
	full := photo.Photo{}
	for i := range photo.MaxTags + 1 {
		full.Learn(photo.Facts{Tags: []string{fmt.Sprint(i)}})
	}
	if len(full.Tags) != photo.MaxTags || !slices.IsSorted(full.Tags) {
		t.Errorf("%d tags: %q", len(full.Tags), full.Tags)
	}
}

func TestLearnModified(t *testing.T) {
	t.Parallel()
	modified := time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600))
	var p photo.Photo
	if !p.Learn(photo.Facts{Modified: modified}) || p.TakenAt.String() != "2020-01-02T02:04:05.000006Z" || p.TakenSource != photo.FactModified ||
		p.ModifiedAt.Format(time.RFC3339Nano) != "2020-01-02T02:04:05.000006Z" {
		t.Errorf("a photo without a date: %+v", p)
	}
	if p.Learn(photo.Facts{Modified: modified.AddDate(1, 0, 0)}) {
		t.Errorf("a later modification replaced the first: %+v", p)
	}
	unset := photo.Photo{}
	unset.Learn(photo.Facts{Modified: time.Unix(0, 0), Taken: photo.At(time.Unix(3600, 0)), TakenSource: photo.FactTakeout})
	if !unset.TakenAt.IsZero() || unset.TakenSource != "" {
		t.Errorf("the date of a clock that was never set: %+v", unset)
	}
	if f := (photo.Facts{Modified: time.Unix(0, 0)}); f.Improve(photo.Status{}) {
		t.Error("a clock that was never set improves a photo")
	}
}

// A newer reader replaces what an older one found, and nothing that a better source said.
func TestRelearn(t *testing.T) {
	t.Parallel()
	was, is := photo.AtWallClock(time.Unix(1e9, 0)), photo.AtWallClock(time.Unix(2e9, 0))
	modified := time.Unix(1.5e9, 0).UTC()
	here, there := &photo.Position{Latitude: 1}, &photo.Position{Latitude: 2}
	for _, test := range []struct {
		name     string
		p        photo.Photo
		taken    photo.Moment
		position *photo.Position
		want     photo.Photo
		changed  bool
	}{
		{"another date and position", photo.Photo{TakenAt: was, TakenSource: photo.FactEmbedded, Position: here, PositionSource: photo.FactEmbedded}, is, there,
			photo.Photo{TakenAt: is, TakenSource: photo.FactEmbedded, Position: there, PositionSource: photo.FactEmbedded}, true},
		{"the same", photo.Photo{TakenAt: was, TakenSource: photo.FactEmbedded, Position: here, PositionSource: photo.FactEmbedded}, was, &photo.Position{Latitude: 1},
			photo.Photo{TakenAt: was, TakenSource: photo.FactEmbedded, Position: here, PositionSource: photo.FactEmbedded}, false},
		{"nothing any more", photo.Photo{ModifiedAt: modified, TakenAt: was, TakenSource: photo.FactEmbedded, Position: here, PositionSource: photo.FactEmbedded}, photo.Moment{}, nil,
			photo.Photo{ModifiedAt: modified, TakenAt: photo.At(modified), TakenSource: photo.FactModified}, true},
		{"better than the file's", photo.Photo{ModifiedAt: modified, TakenAt: photo.At(modified), TakenSource: photo.FactModified}, is, nil,
			photo.Photo{ModifiedAt: modified, TakenAt: is, TakenSource: photo.FactEmbedded}, true},
		{"worse than somebody else's", photo.Photo{TakenAt: was, TakenSource: "a person", Position: here, PositionSource: "a person"}, is, there,
			photo.Photo{TakenAt: was, TakenSource: "a person", Position: here, PositionSource: "a person"}, false},
	} {
		got := test.p
		if changed := got.Relearn(test.taken, test.position); changed != test.changed {
			t.Errorf("%s: changed is %v", test.name, changed)
		}
		if got.TakenAt.String() != test.want.TakenAt.String() || got.TakenSource != test.want.TakenSource || got.PositionSource != test.want.PositionSource ||
			(got.Position == nil) != (test.want.Position == nil) || got.Position != nil && *got.Position != *test.want.Position {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
