package storetest

import (
	"slices"
	"testing"
	"time"

	"photos/internal/photo"
)

// neighborTests compare with the list of the same filter.
func neighborTests() []test {
	return []test{{"the neighbors of a photo are those of the list", neighborsOfList}}
}

func neighborsOfList(t *testing.T, open Opener) {
	aDay := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	s := open(t)
	owner := anOwner(t, s, "ada")
	var all []photo.Photo
	for i := range 9 {
		p := numbered(i)
		p.Description = []string{"sea", "hills", "sea"}[i%3]
		if i%4 != 0 { // some have no date, and some the same one
			p.TakenAt, p.TakenSource = photo.At(aDay.AddDate(0, 0, i/2)), photo.FactEmbedded
		}
		all = append(all, add(t, s, owner, p, key(i)).Photo)
	}
	_, err := s.Trash(t.Context(), owner, all[4].ID, longTime)
	must(t, err)
	for _, f := range []photo.Filter{
		{}, {By: photo.ByTaken}, {Search: "sea"}, {By: photo.ByTaken, Search: "hills"}, {Undescribed: true},
		{By: photo.ByTaken, Since: aDay.AddDate(0, 0, 1), Until: aDay.AddDate(0, 0, 4)},
	} {
		page, err := s.List(t.Context(), owner, f, "", 100)
		must(t, err)
		for i, p := range page.Photos {
			newer, older, err := s.Neighbors(t.Context(), owner, f, p.ID)
			must(t, err)
			var want [2]photo.ID
			if i > 0 {
				want[0] = page.Photos[i-1].ID
			}
			if i+1 < len(page.Photos) {
				want[1] = page.Photos[i+1].ID
			}
			if got := [2]photo.ID{newer, older}; got != want {
				t.Errorf("%+v: photo %d of %d has the neighbors %v, want %v", f, i, len(page.Photos), got, want)
			}
		}
	}
	outside := slices.IndexFunc(all, func(p photo.Photo) bool { return p.Description == "hills" })
	newer, older, err := s.Neighbors(t.Context(), owner, photo.Filter{Search: "sea"}, all[outside].ID)
	must(t, err)
	if newer != all[outside+1].ID || older != all[outside-1].ID {
		t.Errorf("a photo that does not pass the filter has the neighbors %v and %v", newer, older)
	}
	_, _, err = s.Neighbors(t.Context(), anOwner(t, s, "bob"), photo.Filter{}, all[0].ID)
	wantKind(t, "a photo of another owner", err, photo.KindNotFound)
}
