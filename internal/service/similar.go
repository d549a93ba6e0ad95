package service

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"photos/internal/photo"
	"photos/internal/store"
)

// LookRows is what the comparison of photos needs of the metadata store.
type LookRows interface {
	Looks(ctx context.Context, owner string) (looks []store.Looked, pending int, err error)
	Numbered(ctx context.Context, owner string, numbers []int64) (map[int64]photo.Photo, error)
}

// Similar is a photo that looks like another one.
type Similar struct {
	Photo    photo.Photo
	Distance int // of the digests
}

// Similarity is the result of a comparison of all photos of an owner.
type Similarity[T any] struct {
	Found   []T
	Next    string // cursor of the next page; empty at the end
	Pending int    // photos that could not be compared yet, as they wait for their small pictures
}

// Similar returns at most limit photos whose digest differs in at most distance bits from
// that of the photo id, the most similar first. It compares all digests of the owner: that
// is a scan of one index, and takes about as long as a page of a list.
func (s *Photos) Similar(ctx context.Context, by Caller, id photo.ID, distance, limit int) (result Similarity[Similar], err error) {
	like, err := s.digestOf(ctx, by, id)
	if err != nil {
		return result, err
	}
	err = s.compare(ctx, by, func(ctx context.Context) error {
		result, err = s.similar(ctx, by.Owner, id, like, distance, limit)
		return err
	})
	return result, err
}

// compare runs a comparison of all photos of the owner, in a slot and within the time of a search.
func (s *Photos) compare(ctx context.Context, by Caller, do func(context.Context) error) error {
	release, err := s.searches.Acquire(by.Owner)
	if err != nil {
		return err
	}
	defer release()
	return s.inTime(ctx, "ask for a smaller distance", do)
}

func (s *Photos) similar(ctx context.Context, owner string, id photo.ID, like photo.Digest, distance, limit int) (Similarity[Similar], error) {
	looks, pending, err := s.looks.Looks(ctx, owner)
	if err != nil {
		return Similarity[Similar]{}, err
	}
	looks = slices.DeleteFunc(looks, func(l store.Looked) bool { return like.Distance(l.Digest) > distance })
	slices.SortFunc(looks, func(a, b store.Looked) int {
		return cmp.Or(cmp.Compare(like.Distance(a.Digest), like.Distance(b.Digest)), cmp.Compare(b.Number, a.Number))
	})
	looks = looks[:min(len(looks), limit+1)] // one of them is the photo itself
	result := Similarity[Similar]{Pending: pending}
	text := 0
	for part := range slices.Chunk(looks, someRows) {
		if text >= maxComparedText {
			break
		}
		rows, err := s.looks.Numbered(ctx, owner, numbersOf(part))
		if err != nil {
			return Similarity[Similar]{}, err
		}
		for _, l := range part {
			if p, there := rows[l.Number]; there && p.ID != id && len(result.Found) < limit {
				result.Found = append(result.Found, Similar{p, like.Distance(l.Digest)})
				text += p.TextSize()
			}
		}
	}
	return result, nil
}

const (
	someRows = 500 // how many rows are read at once, because they may have long texts
	// maxComparedText ends an answer early when its texts have that many bytes.
	maxComparedText = 8 << 20
)

// digestOf returns the digest of a photo. If it has none yet, the small pictures are made now.
func (s *Photos) digestOf(ctx context.Context, by Caller, id photo.ID) (photo.Digest, error) {
	p, err := s.Get(ctx, by, id)
	if err != nil || p.Look.Rendition == photo.RenditionReady {
		return p.Look.Digest, err
	}
	const anySize = 256
	if _, err := s.Thumbnail(ctx, by, id, anySize); err != nil {
		return 0, err
	}
	p, err = s.Get(ctx, by, id)
	return p.Look.Digest, err
}

func numbersOf(looks []store.Looked) []int64 {
	numbers := make([]int64, len(looks))
	for i, l := range looks {
		numbers[i] = l.Number
	}
	return numbers
}

// MaxDupeDistance is the largest distance for which Dupes looks. Beyond it nearly everything
// would have to be compared with everything.
const MaxDupeDistance = 10

// maxDupes is the largest group. More photos that look the same are several groups, so that the answer
// to one request is bounded.
const maxDupes = 1000

// Dupes returns groups of photos that look the same: their digests differ in at most
// distance bits, and their shapes and average colors hardly at all. The group with the
// newest photo comes first, and in it the newest photo. A page ends when it has limit
// photos. The cursor is the one of the page before.
func (s *Photos) Dupes(ctx context.Context, by Caller, distance int, cursor string, limit int) (result Similarity[[]photo.Photo], err error) {
	after, err := dupeCursor(cursor)
	if err != nil {
		return result, err
	}
	err = s.compare(ctx, by, func(ctx context.Context) error {
		var groups [][]looked
		if groups, result.Pending, err = s.dupes(ctx, by.Owner, distance); err != nil {
			return err
		}
		groups, result.Next = dupePage(groups, after, limit)
		var read int
		if result.Found, read, err = s.photosOf(ctx, by.Owner, groups); read < len(groups) && err == nil {
			result.Next = strconv.FormatInt(groups[read-1][0].Number, 10)
		}
		return err
	})
	return result, err
}

// looked is what is compared of a photo.
type looked struct {
	store.Looked
	width, height int
	color         photo.Color
}

// dupes returns all groups, the one with the newest photo first.
func (s *Photos) dupes(ctx context.Context, owner string, distance int) (groups [][]looked, pending int, err error) {
	looks, pending, err := s.looks.Looks(ctx, owner)
	if err != nil {
		return nil, 0, err
	}
	candidates, err := groupLooks(ctx, looks, distance)
	if err != nil {
		return nil, 0, err
	}
	shaped, err := s.shapesOf(ctx, owner, slices.Concat(candidates...))
	if err != nil {
		return nil, 0, err
	}
	for _, c := range candidates {
		parts, err := splitGroup(ctx, c, shaped, distance)
		if err != nil {
			return nil, 0, err
		}
		groups = append(groups, parts...)
	}
	slices.SortFunc(groups, func(a, b []looked) int { return cmp.Compare(b[0].Number, a[0].Number) })
	return groups, pending, nil
}

// shapesOf returns the shapes and colors of the photos that are still there, by number.
func (s *Photos) shapesOf(ctx context.Context, owner string, looks []store.Looked) (map[int64]looked, error) {
	shaped := make(map[int64]looked, len(looks))
	for chunk := range slices.Chunk(looks, someRows) {
		rows, err := s.looks.Numbered(ctx, owner, numbersOf(chunk))
		if err != nil {
			return nil, err
		}
		for _, l := range chunk {
			if p, there := rows[l.Number]; there {
				shaped[l.Number] = looked{l, p.Width, p.Height, p.Look.Color}
			}
		}
	}
	return shaped, nil
}

// dupePage returns the groups of a page, which begin below the number after, and the cursor of the next
// page.
func dupePage(groups [][]looked, after int64, limit int) (page [][]looked, next string) {
	photos := 0
	for _, g := range groups {
		if g[0].Number >= after {
			continue
		}
		if photos > 0 && photos+len(g) > limit {
			return page, strconv.FormatInt(after, 10)
		}
		page = append(page, g)
		photos += len(g)
		after = g[0].Number
	}
	return page, ""
}

// photosOf returns the photos of the first of the groups, and how many groups it has read: fewer than all
// if their texts are long. It leaves out photos that were deleted meanwhile.
func (s *Photos) photosOf(ctx context.Context, owner string, groups [][]looked) (found [][]photo.Photo, read int, err error) {
	for text := 0; read < len(groups) && text < maxComparedText; {
		part := firstGroups(groups[read:], someRows)
		var numbers []int64
		for _, l := range slices.Concat(part...) {
			numbers = append(numbers, l.Number)
		}
		rows, err := s.looks.Numbered(ctx, owner, numbers)
		if err != nil {
			return nil, 0, err
		}
		for _, g := range part {
			var group []photo.Photo
			for _, l := range g {
				if p, there := rows[l.Number]; there {
					group = append(group, p)
					text += p.TextSize()
				}
			}
			if len(group) > 1 {
				found = append(found, group)
			}
		}
		read += len(part)
	}
	return found, read, nil
}

// firstGroups returns the first groups, which have at most some photos together, and at least one group.
func firstGroups(groups [][]looked, some int) [][]looked {
	for i, g := range groups {
		if some -= len(g); some < 0 && i > 0 {
			return groups[:i]
		}
	}
	return groups
}

// dupeCursor returns the number below which the groups of the next page begin.
func dupeCursor(s string) (int64, error) {
	if s == "" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, &photo.Error{Kind: photo.KindUsage, Msg: "the cursor is not one of this list", Hint: "begin again without a cursor"}
	}
	return n, nil
}

// groupLooks joins photos whose digests differ in at most distance bits, and those that are
// joined by others between them. It returns the groups of two and more.
//
// Of distance+1 parts of two such digests at least one is the same, so only digests with
// the same part are compared. For 100,000 photos and a distance of 4 that are some 2 million
// pairs instead of 5 billion.
func groupLooks(ctx context.Context, looks []store.Looked, distance int) ([][]store.Looked, error) {
	same := map[photo.Digest][]store.Looked{}
	for _, l := range looks {
		same[l.Digest] = append(same[l.Digest], l)
	}
	digests := slices.Sorted(maps.Keys(same))
	joined := newGroups(len(digests))
	parts := distance + 1
	for part := range parts {
		from, to := 64*part/parts, 64*(part+1)/parts
		byPart := map[photo.Digest][]int{}
		for i, d := range digests {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			bits := d << (64 - to) >> (64 - to + from)
			for _, j := range byPart[bits] {
				if d.Distance(digests[j]) <= distance {
					joined.join(i, j)
				}
			}
			byPart[bits] = append(byPart[bits], i)
		}
	}
	var out [][]store.Looked
	for _, members := range joined.all() {
		var group []store.Looked
		for _, i := range members {
			group = append(group, same[digests[i]]...)
		}
		if len(group) > 1 {
			out = append(out, group)
		}
	}
	return out, nil
}

// splitGroup joins those of the looks that also have the same shape and color, and returns
// the groups of two and more, each with the newest photo first.
func splitGroup(ctx context.Context, looks []store.Looked, shaped map[int64]looked, distance int) ([][]looked, error) {
	var group []looked
	for _, l := range looks {
		if shape, there := shaped[l.Number]; there {
			group = append(group, shape)
		}
	}
	joined := newGroups(len(group))
	for i, a := range group {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for j, b := range group[:i] {
			if a.Digest.Distance(b.Digest) <= distance && joined.root(i) != joined.root(j) && a.alike(b) {
				joined.join(i, j)
			}
		}
	}
	var out [][]looked
	for _, members := range joined.all() {
		part := make([]looked, len(members))
		for i, m := range members {
			part[i] = group[m]
		}
		slices.SortFunc(part, func(a, b looked) int { return cmp.Compare(b.Number, a.Number) })
		for ; len(part) > maxDupes+1; part = part[maxDupes:] { // one photo alone would be no group
			out = append(out, part[:maxDupes])
		}
		if len(part) > 1 {
			out = append(out, part)
		}
	}
	return out, nil
}

// alike reports whether two photos have about the same shape and average color. A digest
// knows neither: all plain areas have the same one.
func (a looked) alike(b looked) bool {
	const shape, color = 0.03, 24
	if a.width > 0 && b.width > 0 {
		ratio := float64(a.width) * float64(b.height) / (float64(a.height) * float64(b.width))
		if ratio < 1-shape || ratio > 1+shape {
			return false
		}
	}
	for i := range a.color {
		if d := int(a.color[i]) - int(b.color[i]); d < -color || d > color {
			return false
		}
	}
	return true
}

// groups are disjoint sets of the numbers from 0.
type groups struct{ parent []int }

func newGroups(n int) *groups {
	g := &groups{make([]int, n)}
	for i := range g.parent {
		g.parent[i] = i
	}
	return g
}

func (g *groups) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// join makes one set of those of i and j. The smallest number is the root of a set.
func (g *groups) join(i, j int) {
	i, j = g.root(i), g.root(j)
	g.parent[max(i, j)] = min(i, j)
}

// all returns the sets in the order of their smallest numbers.
func (g *groups) all() [][]int {
	at := map[int]int{}
	var out [][]int
	for i := range g.parent {
		root := g.root(i)
		n, seen := at[root]
		if !seen {
			n = len(out)
			at[root] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}
