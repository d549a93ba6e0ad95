package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// Groups are what comparing every pair would find.
func TestGroupLooks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var looks []store.Looked
	for n := range int64(400) {
		d := photo.Digest(random.Uint64())
		if n%3 > 0 { // near an earlier one
			d = looks[random.IntN(len(looks))].Digest
			for range random.IntN(6) {
				d ^= 1 << random.IntN(64)
			}
		}
		looks = append(looks, store.Looked{Number: n, Digest: d})
	}
	for _, distance := range []int{0, 1, 4, MaxDupeDistance} {
		all := newGroups(len(looks))
		for i, a := range looks {
			for j, b := range looks[:i] {
				if a.Digest.Distance(b.Digest) <= distance {
					all.join(i, j)
				}
			}
		}
		want := map[int64]int{} // the group of each number, by its smallest number
		for _, g := range all.all() {
			if len(g) > 1 {
				for _, i := range g {
					want[int64(i)] = g[0]
				}
			}
		}
		got := map[int64]int{}
		groups, err := groupLooks(t.Context(), looks, distance)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			numbers := numbersOf(g)
			for _, n := range numbers {
				got[n] = int(slices.Min(numbers))
			}
		}
		if len(got) != len(want) {
			t.Errorf("distance %d: %d photos in groups, want %d", distance, len(got), len(want))
		}
		for n, g := range want {
			if got[n] != g {
				t.Errorf("distance %d: photo %d is in group %d, want %d", distance, n, got[n], g)
			}
		}
	}
}

// Plain pictures have the same digest whatever their color.
func TestSplitGroup(t *testing.T) {
	t.Parallel()
	red, blue := photo.Color{200, 0, 0}, photo.Color{0, 0, 200}
	shaped := map[int64]looked{
		1: {width: 400, height: 300, color: red},
		2: {width: 800, height: 600, color: photo.Color{210, 5, 3}},
		3: {width: 300, height: 400, color: red},
		4: {width: 400, height: 300, color: blue},
		5: {width: 40, height: 30, color: blue},
	}
	var group []store.Looked
	for n := range int64(7) { // 0 and 6 were deleted meanwhile
		group = append(group, store.Looked{Number: n})
		if l, there := shaped[n]; there {
			l.Number = n
			shaped[n] = l
		}
	}
	split, err := splitGroup(t.Context(), group, shaped, 4)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]int64
	for _, g := range split {
		var numbers []int64
		for _, l := range g {
			numbers = append(numbers, l.Number)
		}
		got = append(got, numbers)
	}
	if want := [][]int64{{2, 1}, {5, 4}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("groups %v, want %v", got, want)
	}
}

func BenchmarkGroupLooks(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	looks := make([]store.Looked, 100_000)
	for i := range looks {
		looks[i] = store.Looked{Number: int64(i), Digest: photo.Digest(random.Uint64())}
	}
	for b.Loop() {
		if _, err := groupLooks(b.Context(), looks, 4); err != nil {
			b.Fatal(err)
		}
	}
}

// plain are photos that all look the same.
type plain int

// wordy are photos that all look the same and have the longest texts.
type wordy struct{ plain }

func (w wordy) Numbered(ctx context.Context, owner string, numbers []int64) (map[int64]photo.Photo, error) {
	rows, err := w.plain.Numbered(ctx, owner, numbers)
	for n, p := range rows {
		p.Description, p.Folder = strings.Repeat("x", photo.MaxDescription), strings.Repeat("y", photo.MaxFolder)
		rows[n] = p
	}
	return rows, err
}

// TestComparisonsOfLongTexts: an answer ends early when its texts are long, and the next page continues.
func TestComparisonsOfLongTexts(t *testing.T) {
	t.Parallel()
	const photos, enough = 5000, 2*maxComparedText + maxDupes*(photo.MaxDescription+photo.MaxFolder)
	s := &Photos{looks: wordy{photos}, searches: NewLimiter("searches", 2, 1), searchTime: time.Minute}
	found, err := s.similar(t.Context(), "ada", photo.ID{1}, 0, 0, photos)
	if err != nil {
		t.Fatal(err)
	}
	text := 0
	for _, like := range found.Found {
		text += like.Photo.TextSize()
	}
	if text > enough || text < maxComparedText {
		t.Errorf("%d similar photos have texts of %d bytes", len(found.Found), text)
	}
	seen, pages := 0, 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		page, err := s.Dupes(t.Context(), Caller{Owner: "ada"}, 4, cursor, photos)
		if err != nil {
			t.Fatal(err)
		}
		text := 0
		for _, p := range slices.Concat(page.Found...) {
			text += p.TextSize()
			seen++
		}
		if text > enough {
			t.Errorf("a page with texts of %d bytes", text)
		}
		cursor = page.Next
	}
	if seen != photos || pages < 2 {
		t.Errorf("%d photos of %d on %d pages", seen, photos, pages)
	}
}

func (n plain) Looks(context.Context, string) (looks []store.Looked, pending int, err error) {
	for i := range int64(n) {
		looks = append(looks, store.Looked{Number: i})
	}
	return looks, 0, nil
}

func (plain) Numbered(_ context.Context, _ string, numbers []int64) (map[int64]photo.Photo, error) {
	rows := map[int64]photo.Photo{}
	for _, n := range numbers {
		// There are two colors, and each photo is compared with all others.
		rows[n] = photo.Photo{Name: strconv.FormatInt(n, 10), Look: photo.Look{Color: photo.Color{uint8(n % 2 * 200), 0, 0}}}
	}
	return rows, nil
}

// TestDupesOfManyPlainPhotos: a group is split where it would make an answer too large, and each photo is in
// one part.
func TestDupesOfManyPlainPhotos(t *testing.T) {
	t.Parallel()
	const photos = 4*maxDupes + 2 // half of them in each of two groups, so that one photo would be left over
	s := &Photos{looks: plain(photos), searches: NewLimiter("searches", 2, 1), searchTime: time.Minute}
	seen, cursor := map[string]bool{}, ""
	for range 10 {
		page, err := s.Dupes(t.Context(), Caller{Owner: "ada"}, 4, cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.Found {
			if len(g) < 2 || len(g) > maxDupes+1 {
				t.Errorf("a group of %d photos", len(g))
			}
			for _, p := range g {
				if seen[p.Name] {
					t.Errorf("photo %s is in two groups", p.Name)
				}
				seen[p.Name] = true
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != photos || cursor != "" {
		t.Errorf("%d photos of %d, next page %q", len(seen), photos, cursor)
	}
}

// TestDupesEnd: the comparison of photos that are made to be compared for long ends with its caller, and within
// the time of a search.
func TestDupesEnd(t *testing.T) {
	t.Parallel()
	s := &Photos{looks: plain(100_000), searches: NewLimiter("searches", 2, 1), searchTime: time.Millisecond}
	if _, err := s.Dupes(t.Context(), Caller{Owner: "ada"}, 4, "", 100); photo.KindOf(err) != photo.KindSearchTimeout {
		t.Errorf("a comparison that takes too long: %v", err)
	}
	s.searchTime = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.Dupes(ctx, Caller{Owner: "ada"}, 4, "", 100); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a client that has left: %v", err)
	}
}
