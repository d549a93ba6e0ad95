package photo_test

import (
	"testing"
	"time"

	"photos/internal/photo"
)

// Every source replaces worse ones only.
func TestLearnPrefersTheBetterSource(t *testing.T) {
	t.Parallel()
	modified := time.Date(2020, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600))
	sources := []photo.FactSource{"", photo.FactModified, photo.FactTakeout, photo.FactSidecar, photo.FactEmbedded, "a later version's"}
	for i, old := range sources {
		for j, source := range sources[:5] {
			p := photo.Photo{TakenSource: old, PositionSource: old, ModifiedAt: modified}
			if old != "" {
				p.TakenAt, p.Position = photo.At(time.Unix(1e9, 0)), &photo.Position{Latitude: 1}
			}
			f := photo.Facts{Taken: photo.At(time.Unix(2e9, 0)), TakenSource: source, Position: &photo.Position{Latitude: 2}, PositionSource: source}
			want := j > i
			if got := f.Improve(old, old); got != want {
				t.Errorf("%q improves %q: %v", source, old, got)
			}
			if got := p.Learn(f); got != want || (p.TakenSource == source) != (j >= i) || want && (p.Position.Latitude != 2 || p.TakenAt.Time().Unix() != 2e9) {
				t.Errorf("%q replaces %q: %v, %+v", source, old, got, p)
			}
		}
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
	if f := (photo.Facts{Modified: time.Unix(0, 0)}); f.Improve("", "") {
		t.Error("a clock that was never set improves a photo")
	}
}
