package service

import (
	"math/rand/v2"
	"slices"
	"testing"

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
		for _, g := range groupLooks(looks, distance) {
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
	rows := map[int64]photo.Photo{
		1: {Width: 400, Height: 300, Look: photo.Look{Color: red}},
		2: {Width: 800, Height: 600, Look: photo.Look{Color: photo.Color{210, 5, 3}}},
		3: {Width: 300, Height: 400, Look: photo.Look{Color: red}},
		4: {Width: 400, Height: 300, Look: photo.Look{Color: blue}},
		5: {Width: 40, Height: 30, Look: photo.Look{Color: blue}},
	}
	var group []store.Looked
	for n := range int64(7) { // 0 and 6 were deleted meanwhile
		group = append(group, store.Looked{Number: n})
	}
	var got [][]int64
	for _, g := range splitGroup(group, rows, 4) {
		got = append(got, numbersOf(g))
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
		groupLooks(looks, 4)
	}
}
