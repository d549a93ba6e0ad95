package sqldb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"photos/internal/filter/fold"
	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/dbserver"
)

// smallSizes let a test of few photos use the index.
var smallSizes = indexSizes{run: 8, scan: 3}

// databases runs a test on SQLite and on each server.
func databases(t *testing.T, test func(t *testing.T, c Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")})
	})
	engines(t, func(t *testing.T, e dbserver.Engine) { test(t, fresh(t, e)) })
}

// searched is what an owner has, as a test remembers it.
type searched struct {
	db     *DB
	owner  string
	random *rand.Rand
	photos []photo.Photo // as they were added; a purged one has no name
}

var searchedWords = []string{"sea", "Séance", "sunset", "sun", "set", "a", "été", "北京", "straße", "x-t5", "%", "ab"}

func randomSecond(r *rand.Rand) time.Time { return time.Unix(1_700_000_000+r.Int64N(1000), 0).UTC() }

func (l *searched) text() string {
	var words []string
	for range l.random.IntN(4) {
		words = append(words, searchedWords[l.random.IntN(len(searchedWords))])
	}
	return strings.Join(words, " ")
}

func (l *searched) add(t *testing.T, n int) {
	t.Helper()
	for range n {
		p := numbered(len(l.photos))
		p.Description, p.DescriptionSource = l.text(), photo.FromFlag
		if l.random.IntN(2) == 0 {
			p.TakenAt, p.TakenSource = photo.AtWallClock(randomSecond(l.random)), photo.FactModified
		}
		a, err := l.db.Add(t.Context(), l.owner, p, fmt.Sprint("key", len(l.photos)))
		if err != nil {
			t.Fatal(err)
		}
		l.photos = append(l.photos, a.Photo)
	}
}

// change does something to a random photo.
func (l *searched) change(t *testing.T) {
	t.Helper()
	p := &l.photos[l.random.IntN(len(l.photos))]
	if p.Name == "" || !p.TrashedAt.IsZero() {
		return
	}
	ctx := t.Context()
	var err error
	switch l.random.IntN(5) {
	case 0:
		_, err = l.db.Trash(ctx, l.owner, p.ID, 0)
		if err == nil {
			_, err = l.db.Purge(ctx, 10)
		}
		*p = photo.Photo{}
	case 1:
		*p, err = l.db.Trash(ctx, l.owner, p.ID, time.Hour)
	case 2:
		*p, err = l.db.Learn(ctx, l.owner, p.ID, photo.Facts{Taken: photo.At(randomSecond(l.random)), TakenSource: photo.FactSidecar})
	default:
		text := l.text()
		_, err = l.db.Describe(ctx, l.owner, []store.Description{{ID: p.ID, Text: text, Source: photo.FromFlag}})
		p.Description = text
	}
	if err != nil {
		t.Fatal(err)
	}
}

// build indexes all photos that fill a run.
func (l *searched) build(t *testing.T) {
	t.Helper()
	for {
		built, err := l.db.buildRun(t.Context(), l.owner)
		if err != nil {
			t.Fatal(err)
		}
		if !built {
			return
		}
	}
}

// want returns the names that a search for words should list.
func (l *searched) want(words []string, by photo.Order) []string {
	type hit struct {
		name string
		key
	}
	var hits []hit
	for i, p := range l.photos {
		has := func(word string) bool {
			return strings.Contains(fold.String(p.Description)+"\n"+fold.String(p.Name), fold.String(word))
		}
		if p.Name == "" || !p.TrashedAt.IsZero() || slices.ContainsFunc(words, func(w string) bool { return !has(w) }) {
			continue
		}
		at := p.UploadedAt.UnixMicro()
		if by == photo.ByTaken {
			at, _ = takenColumns(p.TakenAt, at)
		}
		hits = append(hits, hit{p.Name, key{at, int64(i)}})
	}
	slices.SortFunc(hits, func(a, b hit) int { return newerFirst(a.key, b.key) })
	var names []string
	for _, h := range hits {
		names = append(names, h.name)
	}
	return names
}

// list pages through a search.
func (l *searched) list(t *testing.T, f photo.Filter, limit int) (names []string) {
	t.Helper()
	for cursor := ""; ; {
		page, err := l.db.List(t.Context(), l.owner, f, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Photos) > limit || page.Next != "" && len(page.Photos) < limit {
			t.Fatalf("a page of %d photos, limit %d, next %q", len(page.Photos), limit, page.Next)
		}
		for _, p := range page.Photos {
			names = append(names, p.Name)
		}
		if cursor = page.Next; cursor == "" {
			return names
		}
	}
}

// Whatever of a library is indexed, a search lists what has all words, in order, page by page.
func TestSearchWithIndex(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, c Config) {
		c.sizes = smallSizes
		db := openConfig(t, c)
		l := &searched{db: db, owner: anOwner(t, db), random: rand.New(rand.NewPCG(1, 2))}
		other := &searched{db: db, owner: otherOwner(t, db), random: rand.New(rand.NewPCG(3, 4))}
		for round := range 6 {
			l.add(t, 15)
			other.add(t, 5)
			other.build(t)
			l.build(t)
			for range 10 {
				l.change(t)
			}
			if round%2 == 1 {
				if err := db.index.dropRuns(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for i, word := range append(searchedWords, "t", "ea", "img", "absent", "sunse", "0000") {
				words := []string{word}
				if i%3 == 0 {
					words = append(words, searchedWords[(i+round)%len(searchedWords)])
				}
				by := []photo.Order{photo.ByUploaded, photo.ByTaken}[i%2]
				f := photo.Filter{Search: strings.Join(words, " "), By: by}
				if got, want := l.list(t, f, 1+i%5), l.want(words, by); !slices.Equal(got, want) {
					t.Fatalf("round %d, %s by %s:\n got %v\nwant %v", round, f.Search, by, got, want)
				}
			}
		}
		var runs int
		if err := db.row(t.Context(), `SELECT COUNT(*) FROM search_run WHERE ready = 1`).Scan(&runs); err != nil || runs < 10 {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
}

// A run of many hits is read from its newest photo on, as far as a page needs.
func TestSearchInLargeRuns(t *testing.T) {
	t.Parallel()
	db := openConfig(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db"), sizes: indexSizes{run: 2 * numbersAtOnce, scan: 5}})
	l := &searched{db: db, owner: anOwner(t, db), random: rand.New(rand.NewPCG(1, 2))}
	l.add(t, 2*numbersAtOnce+numbersAtOnce/2)
	l.build(t)
	for _, by := range []photo.Order{photo.ByUploaded, photo.ByTaken} {
		for _, word := range []string{"img", "sunset", "9"} {
			f := photo.Filter{Search: word, By: by}
			if got, want := l.list(t, f, 30), l.want([]string{word}, by); !slices.Equal(got, want) {
				t.Errorf("%s by %s: %d photos, want %d", word, by, len(got), len(want))
			}
		}
	}
}

func otherOwner(t testing.TB, db *DB) string {
	t.Helper()
	owner, err := db.Owner(t.Context(), "pool", "bob")
	if err != nil {
		t.Fatal(err)
	}
	return owner
}

// A photo that is changed while its run is built stays out of it.
func TestRunWithoutChangedPhotos(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, c Config) {
		c.sizes = smallSizes
		db := openConfig(t, c)
		l := &searched{db: db, owner: anOwner(t, db), random: rand.New(rand.NewPCG(1, 2))}
		l.add(t, 20)
		ctx := t.Context()
		r, err := db.readRun(ctx, l.owner)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Describe(ctx, l.owner, []store.Description{{ID: l.photos[1].ID, Text: "walrus", Source: photo.FromFlag}}); err != nil {
			t.Fatal(err)
		}
		if err := db.storeGrams(ctx, l.owner, r); err != nil {
			t.Fatal(err)
		}
		if got := l.list(t, photo.Filter{Search: "img"}, 5); len(got) != 20 {
			t.Errorf("while a run is built: %v", got)
		}
		if err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error { return tx.finishRun(ctx, l.owner, r) }); err != nil {
			t.Fatal(err)
		}
		if got := l.list(t, photo.Filter{Search: "walrus"}, 5); len(got) != 1 {
			t.Errorf("a text that was changed meanwhile: %v", got)
		}
		if got := l.list(t, photo.Filter{Search: "img"}, 5); len(got) != 20 {
			t.Errorf("all: %v", got)
		}
	})
}

// Of two replicas that index the same photos, one has a run in the end.
func TestRunsOfTheSamePhotos(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, c Config) {
		c.sizes = smallSizes
		db := openConfig(t, c)
		l := &searched{db: db, owner: anOwner(t, db), random: rand.New(rand.NewPCG(1, 2))}
		l.add(t, 12)
		ctx := t.Context()
		var runs []*run
		for range 2 {
			r, err := db.readRun(ctx, l.owner)
			if err == nil {
				err = db.storeGrams(ctx, l.owner, r)
			}
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, r)
		}
		for _, r := range runs {
			if err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error { return tx.finishRun(ctx, l.owner, r) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.index.dropRuns(ctx); err != nil {
			t.Fatal(err)
		}
		var left, n int64
		if err := db.row(ctx, `SELECT MIN(id), COUNT(*) FROM search_run`).Scan(&left, &n); err != nil || left != runs[0].id || n != 1 {
			t.Errorf("%d runs are left with the run %d, want %d; %v", n, left, runs[0].id, err)
		}
		if got := l.list(t, photo.Filter{Search: "img"}, 5); len(got) != 12 {
			t.Errorf("all: %v", got)
		}
	})
}

// The indexer builds runs for whoever searches, and rebuilds one that has texts of a purged photo.
func TestIndexerWorks(t *testing.T) {
	t.Parallel()
	c := Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db"), sizes: smallSizes}
	db := openConfig(t, c)
	l := &searched{db: db, owner: anOwner(t, db), random: rand.New(rand.NewPCG(1, 2))}
	l.add(t, 40)
	count := func(query string) (n int) {
		if err := db.row(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	until(t, func() bool {
		l.list(t, photo.Filter{Search: "absent"}, 1)
		return count(`SELECT COUNT(*) FROM search_run WHERE ready = 1`) == 5
	})
	if _, err := db.Trash(t.Context(), l.owner, l.photos[0].ID, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Purge(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		l.list(t, photo.Filter{Search: "absent"}, 1)
		return count(`SELECT COUNT(*) FROM search_run`) == 4
	})
	if n := count(`SELECT COUNT(*) FROM photo WHERE run = 0`); n != 7 {
		t.Errorf("%d photos are in no run", n)
	}
	if n := count(`SELECT COUNT(*) FROM search_gram WHERE run NOT IN (SELECT id FROM search_run)`); n != 0 {
		t.Errorf("%d rows of the index are left", n)
	}
}

func TestPostings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfDistinct(rapid.Int64Min(0), func(n int64) int64 { return n })
		p, other := postings(numbers.Draw(t, "numbers")), postings(numbers.Draw(t, "others"))
		slices.Sort(p)
		slices.Sort(other)
		got, err := decodePostings(p.encode())
		if err != nil || !slices.Equal(got, p) {
			t.Fatalf("%v comes back as %v, %v", p, got, err)
		}
		for _, n := range p.and(other) {
			if !slices.Contains(p, n) || !slices.Contains(other, n) {
				t.Fatalf("%d is not in both", n)
			}
		}
		if all := or([]postings{p, other}); len(all)+len(p.and(other)) != len(p)+len(other) || !slices.IsSorted(all) {
			t.Fatalf("%v or %v = %v, and: %v", p, other, all, p.and(other))
		}
	})
	for _, b := range [][]byte{{0x80}, {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}} {
		if p, err := decodePostings(b); err == nil {
			t.Errorf("%x is %v", b, p)
		}
	}
}

// A text that has a word has a gram of each of its ranges.
func TestGrams(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("abc 北\U0010ffff")), 1, 12, -1).Draw(t, "text")
		letters := []rune(text)
		from := rapid.IntRange(0, len(letters)-1).Draw(t, "from")
		word := string(letters[from:rapid.IntRange(from+1, len(letters)).Draw(t, "to")])
		grams := gramsOf(text)
		for _, r := range rangesOf(word) {
			if !slices.ContainsFunc(grams, func(g gram) bool { return r.first <= g && g <= r.last }) {
				t.Fatalf("%q in %q: nothing from %x to %x in %x", word, text, r.first, r.last, grams)
			}
		}
	})
}
