package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func listTests() []test {
	return []test{
		{"newest first, page by page", pages},
		{"a page of long texts is short", pageOfLongTexts},
		{"by the time taken, unknown last", byTaken},
		{"photos of one instant come once", oneInstant},
		{"paging while photos come and go", pagingWhileChanging},
		{"search", search},
		{"since and until", bounds},
		{"days by the wall clock and by the instant", days},
		{"undescribed", undescribed},
		{"trash", listTrash},
		{"prefix of the id", idPrefix},
		{"invalid lists", badLists},
	}
}

// all pages through a list, and back.
func all(t tester, s store.Store, owner string, f photo.Filter, limit int) []photo.Photo {
	t.Helper()
	var got []photo.Photo
	cursor := ""
	for {
		page, err := s.List(t.Context(), owner, f, cursor, limit)
		must(t, err)
		got = append(got, page.Photos...)
		if len(page.Photos) > limit || page.Next != "" && len(page.Photos) < limit {
			t.Fatalf("a page of %d photos, limit %d, next %q", len(page.Photos), limit, page.Next)
		}
		if (page.Prev == "") != (cursor == "") && len(page.Photos) > 0 {
			t.Fatalf("the page at %q has the page %q before it", cursor, page.Prev)
		}
		if cursor = page.Next; cursor == "" {
			if page.Prev != "" {
				same(t, "the photos before the last page, read backward", got[:len(got)-len(page.Photos)], before(t, s, owner, f, page.Prev, limit))
			}
			return got
		}
	}
}

// before pages backward through a list, from a cursor to the start.
func before(t tester, s store.Store, owner string, f photo.Filter, cursor string, limit int) []photo.Photo {
	t.Helper()
	var got []photo.Photo
	for cursor != "" {
		page, err := s.ListBefore(t.Context(), owner, f, cursor, limit)
		must(t, err)
		if len(page.Photos) > limit || page.Prev != "" && len(page.Photos) < limit {
			t.Fatalf("a page of %d photos, limit %d, previous %q", len(page.Photos), limit, page.Prev)
		}
		if len(page.Photos) > 0 {
			next, err := s.List(t.Context(), owner, f, page.Next, 1)
			must(t, err)
			if len(next.Photos) != 1 || slices.ContainsFunc(page.Photos, func(p photo.Photo) bool { return p.ID == next.Photos[0].ID }) {
				t.Fatalf("after a page that was read backward comes %v", idsOf(next.Photos))
			}
		}
		got = append(slices.Clone(page.Photos), got...)
		cursor = page.Prev
	}
	return got
}

// names returns the names of photos in one line.
func names(ps []photo.Photo) string {
	var n []string
	for _, p := range ps {
		n = append(n, p.Name)
	}
	return strings.Join(n, " ")
}

// newestFirst returns the names of photos that were added in order, the last one first. Photos
// added within one tick of the clock are also listed in this order.
func newestFirst(added []photo.Photo) []photo.Photo {
	ps := slices.Clone(added)
	slices.Reverse(ps)
	return ps
}

func pages(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	added := addNumbered(t, s, owner, 0, 10)
	for _, limit := range []int{1, 3, 5, 9, 10, 11, 1000} {
		same(t, fmt.Sprintf("list by %d", limit), newestFirst(added), all(t, s, owner, photo.Filter{}, limit))
	}
}

// pageOfLongTexts checks that a page ends early when its texts are long: a page of 5,000 photos
// with the longest descriptions would take too much memory.
func pageOfLongTexts(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	const photos = 400
	var adding sync.WaitGroup
	for i := range photos {
		adding.Go(func() {
			p := numbered(i)
			p.Description, p.DescriptionSource = strings.Repeat("x", photo.MaxDescription), photo.FromFlag
			if _, err := s.Add(t.Context(), owner, p, key(i)); err != nil {
				t.Errorf("add: %v", err)
			}
		})
	}
	adding.Wait()
	seen, cursor := 0, ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		page, err := s.List(t.Context(), owner, photo.Filter{}, cursor, photos)
		must(t, err)
		if len(page.Photos) == 0 || len(page.Photos) == photos {
			t.Fatalf("a page of %d photos", len(page.Photos))
		}
		seen, cursor = seen+len(page.Photos), page.Next
	}
	if seen != photos {
		t.Errorf("%d photos in the pages, want %d", seen, photos)
	}
}

func byTaken(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, taken := range []string{"", "2024-01-01T12:00:00", "2024-01-01T12:00:00+02:00", "2030-01-01T00:00:00Z", "", "1969-12-31T23:59:59", "2024-01-01T11:00:00"} {
		p := numbered(i)
		p.Name = fmt.Sprint(i)
		must(t, p.TakenAt.UnmarshalText([]byte(taken)))
		add(t, s, owner, p, key(i))
	}
	for _, limit := range []int{1, 2, 6, 7} {
		if got, want := names(all(t, s, owner, photo.Filter{By: photo.ByTaken}, limit)), "3 1 6 2 5 4 0"; got != want {
			t.Errorf("by %d: %s, want %s", limit, got, want)
		}
	}
}

func oneInstant(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i := range 7 {
		p := numbered(i)
		p.TakenAt = photo.AtWallClock(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
		add(t, s, owner, p, key(i))
	}
	seen := map[photo.ID]int{}
	for _, p := range all(t, s, owner, photo.Filter{By: photo.ByTaken}, 2) {
		seen[p.ID]++
	}
	for i := range 7 {
		if seen[numbered(i).ID] != 1 {
			t.Errorf("photo %d came %d times", i, seen[numbered(i).ID])
		}
	}
}

func pagingWhileChanging(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := newestFirst(addNumbered(t, s, owner, 0, 30))
	time.Sleep(2 * time.Millisecond) // more than a tick of the clock: photos added later are newer
	var got []photo.Photo
	cursor := ""
	for i := 0; ; i++ {
		page, err := s.List(t.Context(), owner, photo.Filter{}, cursor, 4)
		must(t, err)
		got = append(got, page.Photos...)
		if cursor = page.Next; cursor == "" {
			break
		}
		addNumbered(t, s, owner, 100+3*i, 103+3*i)
		_, err = s.Trash(t.Context(), owner, page.Photos[0].ID, time.Hour) // one already seen
		must(t, err)
	}
	same(t, "the photos there were", want, got)
}

func search(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, p := range []photo.Photo{
		{Name: "Beach.JPG", Description: "Sunset over the SEA"},
		{Name: "100%_sure.jpg"},
		{Name: "100 sure.jpg", Description: "it's"},
		{Name: "STRAßE.jpg", Description: "ÉTÉ à Zürich"},
		{Name: "e\u0301te\u0301.jpg"},
		{Name: "back\\slash!.jpg"},
		{Name: "\xffodd.jpg", Description: "a\x01b"},
	} {
		p.ID = numbered(i).ID
		add(t, s, owner, p, key(i))
	}
	for _, tt := range []struct {
		words string
		want  []int
	}{
		{"beach", []int{0}},
		{"sea SUN", []int{0}},
		{"  sunset\tbeach  ", []int{0}},
		{"sea winter", nil},
		{"jpg", []int{0, 1, 2, 3, 4, 5, 6}},
		{"%", []int{1}},
		{"_", []int{1}},
		{"0%_s", []int{1}},
		{"100", []int{1, 2}},
		{"'", []int{2}},
		{"' OR 1=1 \"--\"", nil},
		{"strasse", []int{3}},
		{"ZÜRICH", []int{3}},
		{"été", []int{3, 4}},
		{"e\u0301t", []int{0, 3, 4}},
		{"ete", []int{3, 4}},
		{"zurich", []int{3}},
		{`\`, []int{5}},
		{"!", []int{5}},
		{"odd", []int{6}},
		{"a\x01", []int{6}},
		{"jpgsunset", nil},
	} {
		var got []int
		for _, p := range all(t, s, owner, photo.Filter{Search: tt.words}, 3) {
			for i := range 7 {
				if p.ID == numbered(i).ID {
					got = append(got, i)
				}
			}
		}
		slices.Sort(got)
		same(t, fmt.Sprintf("search %q", tt.words), tt.want, got)
	}
	_, err := s.List(t.Context(), owner, photo.Filter{Search: strings.Repeat("many ", 1000)}, "", 1)
	wantKind(t, "a thousand words", err, photo.KindUsage)
	_, err = s.Describe(t.Context(), owner, []store.Description{{ID: numbered(0).ID, Text: "Mountain"}})
	must(t, err)
	if got := names(all(t, s, owner, photo.Filter{Search: "mountain"}, 3)) + names(all(t, s, owner, photo.Filter{Search: "sea"}, 3)); got != "Beach.JPG" {
		t.Errorf("after another description: %q", got)
	}
}

func bounds(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	for i := range 4 {
		p := numbered(i)
		p.Name = fmt.Sprint(i)
		if i > 0 {
			p.TakenAt = photo.At(year(2000 + i))
		}
		add(t, s, owner, p, key(i))
	}
	for _, tt := range []struct {
		f    photo.Filter
		want string
	}{
		{photo.Filter{By: photo.ByTaken, Since: year(2002)}, "3 2"},
		{photo.Filter{By: photo.ByTaken, Until: year(2002)}, "1"},
		{photo.Filter{By: photo.ByTaken, Since: year(2002), Until: year(2003)}, "2"},
		{photo.Filter{By: photo.ByTaken, Since: year(2003), Until: year(2002)}, ""},
		{photo.Filter{Until: year(2003)}, ""},
		{photo.Filter{Since: time.Now().Add(time.Hour)}, ""},
	} {
		if got := names(all(t, s, owner, tt.f, 1)); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
		}
	}
	if got := all(t, s, owner, photo.Filter{Since: year(2003), Until: time.Now().Add(time.Hour)}, 1); len(got) != 4 {
		t.Errorf("uploaded since 2003: %s", names(got))
	}
	last := get(t, s, owner, numbered(3).ID).UploadedAt
	if got := all(t, s, owner, photo.Filter{Since: last, Until: last.Add(time.Microsecond)}, 9); !strings.Contains(names(got), "3") {
		t.Errorf("uploaded at %v: %q", last, names(got))
	}
}

// days lists one day in Tokyo. A photo without an offset belongs to the day that its
// clock shows, any other photo to the day of its instant there.
func days(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, taken := range []string{
		"2024-05-30T23:59:59.999999", "2024-05-31T00:00:00", "2024-05-31T23:30:00", "2024-05-31T23:59:59.999999", "2024-06-01T00:00:00",
		"2024-05-30T14:59:59.999999Z", "2024-05-30T15:00:00Z", "2024-05-30T17:00:00+02:00", "2024-05-31T14:59:59.999999Z", "2024-05-31T15:00:00Z",
		"2024-05-31T20:00:00-05:00", "", "2024-05-30T15:00:00", "2024-05-31T10:00:00-04:00",
	} {
		p := numbered(i)
		p.Name = fmt.Sprint(i)
		must(t, p.TakenAt.UnmarshalText([]byte(taken)))
		add(t, s, owner, p, key(i))
	}
	tokyo := time.FixedZone("", 9*3600)
	since, until := time.Date(2024, 5, 31, 0, 0, 0, 0, tokyo), time.Date(2024, 6, 1, 0, 0, 0, 0, tokyo)
	for _, tt := range []struct {
		f    photo.Filter
		want string
	}{
		{photo.Filter{By: photo.ByTaken, Since: since, Until: until}, "3 2 8 13 1 7 6"},
		{photo.Filter{By: photo.ByTaken, Since: since}, "10 4 3 2 9 8 13 1 7 6"},
		{photo.Filter{By: photo.ByTaken, Until: until}, "3 2 8 13 1 0 12 7 6 5"},
		{photo.Filter{By: photo.ByTaken, Since: since.UTC(), Until: until.UTC()}, "8 13 1 0 12 7 6"},
	} {
		for _, limit := range []int{1, 2, 100} {
			if got := names(all(t, s, owner, tt.f, limit)); got != tt.want {
				t.Errorf("%v to %v by %d: %s, want %s", tt.f.Since, tt.f.Until, limit, got, tt.want)
			}
		}
	}
}

func undescribed(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 3)
	_, err := s.Describe(t.Context(), owner, []store.Description{{ID: numbered(1).ID, Text: "x"}})
	must(t, err)
	for _, p := range all(t, s, owner, photo.Filter{Undescribed: true}, 2) {
		if p.Description != "" {
			t.Errorf("%s is described", p.Name)
		}
	}
	if got := all(t, s, owner, photo.Filter{Undescribed: true}, 2); len(got) != 2 {
		t.Errorf("undescribed: %s", names(got))
	}
}

func listTrash(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 3)
	_, err := s.Trash(t.Context(), owner, numbered(1).ID, time.Hour)
	must(t, err)
	got := all(t, s, owner, photo.Filter{Trash: true}, 2)
	if names(got) != numbered(1).Name || got[0].PurgeAt.Sub(got[0].TrashedAt) != time.Hour {
		t.Errorf("trash: %+v", got)
	}
	if got := all(t, s, owner, photo.Filter{}, 2); len(got) != 2 || strings.Contains(names(got), numbered(1).Name) {
		t.Errorf("live: %s", names(got))
	}
}

func idPrefix(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, id := range []string{"00", "12345678", "12345679", "1234567a", "ff"} {
		p := numbered(i)
		p.Name = id
		full, err := photo.ParseID(id + strings.Repeat(id[len(id)-1:], 64-len(id)))
		must(t, err)
		p.ID = full
		add(t, s, owner, p, key(i))
	}
	for prefix, want := range map[string]int{"": 5, "0": 1, "1": 3, "1234567": 3, "12345679": 1, "1234567A": 1, "f": 1, "fe": 0, strings.Repeat("f", 64): 1} {
		if got := all(t, s, owner, photo.Filter{IDPrefix: prefix}, 2); len(got) != want {
			t.Errorf("prefix %q: %s, want %d", prefix, names(got), want)
		}
	}
}

func badLists(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 3)
	page, err := s.List(t.Context(), owner, photo.Filter{}, "", 1)
	must(t, err)
	for what, f := range map[string]photo.Filter{
		"an order there is not": {By: "name"},
		"a prefix not of hex":   {IDPrefix: "xyz"},
		"too long a prefix":     {IDPrefix: strings.Repeat("0", 65)},
	} {
		_, err := s.List(t.Context(), owner, f, "", 1)
		wantKind(t, what, err, photo.KindUsage)
		_, err = s.ListBefore(t.Context(), owner, f, page.Next, 1)
		wantKind(t, what+", read backward", err, photo.KindUsage)
	}
	if page, err := s.ListBefore(t.Context(), owner, photo.Filter{}, "", 1); err != nil || len(page.Photos) != 0 || page.Prev != "" {
		t.Errorf("before the start is %+v, %v", page, err)
	}
	_, err = s.List(t.Context(), owner, photo.Filter{By: photo.ByTaken}, page.Next, 1)
	wantKind(t, "a cursor of the other order", err, photo.KindUsage)
	for _, cursor := range []string{"x", "!", page.Next[1:], page.Next + "A", strings.Repeat("A", 10_000)} {
		_, err := s.List(t.Context(), owner, photo.Filter{}, cursor, 1)
		wantKind(t, "cursor "+cursor[:1], err, photo.KindUsage)
		_, err = s.ListBefore(t.Context(), owner, photo.Filter{}, cursor, 1)
		wantKind(t, "backward from the cursor "+cursor[:1], err, photo.KindUsage)
	}
}
