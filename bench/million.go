package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/dbserver"
)

// The library of one owner in which lists and searches are timed.
const (
	millionPhotos = 1_000_000
	vocabulary    = 20_000 // words of descriptions; the first are the most frequent, as in a language
	millionHits   = 100    // photos that a search asks for
	millionAsked  = 60     // searches of a kind in one run
	listRate      = 200    // lists per second
	listFor       = 20 * time.Second
)

// millionSQLite measures lists and searches among a million photos of one owner.
func (b *bench) millionSQLite(ctx context.Context) error {
	dir, err := b.folder()
	if err != nil {
		return err
	}
	return b.millionOn(ctx, "SQLite", "sqlite:"+filepath.Join(dir, "photos.db"))
}

// millionServer does the same on a database server, if that is installed.
func (b *bench) millionServer(ctx context.Context, e dbserver.Engine) error {
	server, err := dbserver.Start(ctx, e)
	if errors.Is(err, dbserver.ErrMissing) {
		fmt.Printf("%-28s not measured: %s\n", e, firstLine(err))
		return nil
	}
	if err != nil {
		return err
	}
	url, err := server.Create(ctx, "million")
	if err == nil {
		err = b.millionOn(ctx, string(e), url)
	}
	return errors.Join(err, server.Close())
}

func (b *bench) millionOn(ctx context.Context, name, url string) (err error) {
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	owner, err := db.Owner(ctx, "bench", "ada")
	if err != nil {
		return err
	}
	n := int(millionPhotos * b.scale)
	began := time.Now()
	if err := fillMillion(ctx, db, owner, n); err != nil {
		return err
	}
	filled := time.Since(began)
	began = time.Now()
	if err := db.Index(ctx, owner); err != nil {
		return err
	}
	fmt.Printf("%-28s stored in %.0f s, indexed in %.0f s\n", fmt.Sprintf("%s, %d photos", name, n), filled.Seconds(), time.Since(began).Seconds())
	if err := b.timeSearches(ctx, db, owner, name, n); err != nil {
		return err
	}
	return timeLists(ctx, db, name)
}

// wordNumber returns a word of the vocabulary. Words share their syllables, so that no three letters
// belong to one word.
func wordNumber(i int) string {
	const consonants, vowels = "bdfghklmnprstvz", "aeiou"
	var w strings.Builder
	for n := i + 17; n > 0; n /= len(consonants) * len(vowels) {
		w.WriteByte(consonants[n%len(consonants)])
		w.WriteByte(vowels[n/len(consonants)%len(vowels)])
	}
	return w.String()
}

// description returns eight words. Every thousandth photo also has a word of its own, and those of
// the oldest tenth a word that the others do not have.
func description(i, n int) string {
	random := rand.New(rand.NewPCG(uint64(i), 1))
	words := rand.NewZipf(random, 1.1, 4, vocabulary-1)
	var text []string
	for range 8 {
		text = append(text, wordNumber(int(words.Uint64())))
	}
	if i%1000 == 0 {
		text = append(text, fmt.Sprintf("own%07d", i))
	}
	if i < n/10 {
		text = append(text, "reykjavik")
	}
	return strings.Join(text, " ")
}

func fillMillion(ctx context.Context, db *sqldb.DB, owner string, n int) error {
	const workers = 256 // their rows share commits
	var next atomic.Int64
	errs := make([]error, workers)
	var adding sync.WaitGroup
	for w := range workers {
		adding.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && errs[w] == nil; i = int(next.Add(1)) - 1 {
				p := photo.Photo{
					ID: sha256.Sum256(fmt.Append(nil, i)), Name: fmt.Sprintf("IMG_%06d.JPG", i), Size: 3_000_000, MediaType: "image/jpeg", Width: 4000, Height: 3000,
					Camera: "Nikon D850", Description: description(i, n), DescriptionSource: photo.FromSidecar,
					TakenAt: photo.AtWallClock(time.Unix(1_000_000_000+500*int64(i), 0).UTC()), TakenSource: photo.FactEmbedded,
				}
				_, errs[w] = db.Add(ctx, owner, p, fmt.Sprintf("%032x", i))
			}
		})
	}
	adding.Wait()
	return errors.Join(errs...)
}

// A searchKind makes filters of one kind. n is how many photos there are.
type searchKind struct {
	name string
	text func(i, n int) string
}

func searchKinds() []searchKind {
	return []searchKind{
		{"rare word", func(i, n int) string { return fmt.Sprintf("own%07d", 1000*(i*37%max(1, n/1000))) }},
		{"absent word", func(i, _ int) string { return wordNumber(vocabulary*80 + 7919*i) }},
		{"absent, of two words", func(i, _ int) string { return wordNumber(200+i) + wordNumber(300+2*i) }},
		{"common word", func(i, _ int) string { return wordNumber(i % 20) }},
		{"word of 1 in 10,000", func(i, _ int) string { return wordNumber(5000 + 100*i) }},
		{"word of the oldest 10 %", func(int, int) string { return "reykjavik" }},
		{"two words", func(i, _ int) string { return wordNumber(100+i) + " " + wordNumber(400+i) }},
		{"two letters, common", func(i, _ int) string { return wordNumber(i)[:2] }},
		{"two letters, absent", func(i, _ int) string { return string("bcdf"[i%4]) + string("qxwy"[i/4%4]) }},
		{"one letter, common", func(i, _ int) string { return string("aeioubdf"[i%8]) }},
		{"one letter, absent", func(i, _ int) string { return string("qxwß"[i%3]) }},
	}
}

// timeSearches prints, for each kind, the median over the runs of the time that 95 % of the searches
// keep. A run has searches of all kinds, so that the runs of one kind are some time apart.
func (b *bench) timeSearches(ctx context.Context, db *sqldb.DB, owner, name string, n int) error {
	kinds := searchKinds()
	took := make([]searchTimes, len(kinds))
	for range b.runs {
		for i, k := range kinds {
			if err := took[i].run(ctx, db, owner, k, n); err != nil {
				return err
			}
		}
	}
	for i, k := range kinds {
		t := took[i]
		slices.Sort(t.p95s)
		searches := b.runs * millionAsked
		fmt.Printf("%-28s %-26s p95 %6.1f ms   processor time of this program %5.1f ms   %.1f hits\n",
			name, k.name, ms(t.p95s[len(t.p95s)/2]), ms(t.busy/time.Duration(searches)), float64(t.hits)/float64(searches))
	}
	return nil
}

// searchTimes are what the runs of one kind of searches took.
type searchTimes struct {
	p95s []time.Duration // of each run
	busy time.Duration   // processor time of all runs
	hits int
}

func (t *searchTimes) run(ctx context.Context, db *sqldb.DB, owner string, k searchKind, n int) error {
	var took []time.Duration
	busy := processorTime()
	for i := range millionAsked {
		began := time.Now()
		page, err := db.List(ctx, owner, photo.Filter{Search: k.text(i, n)}, "", millionHits)
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		t.hits += len(page.Photos)
	}
	t.busy += processorTime() - busy
	slices.Sort(took)
	t.p95s = append(t.p95s, took[len(took)*95/100])
	return nil
}

// processorTime returns how long this program has kept processors busy. With SQLite that is all the work of a
// search, and it depends less on what else the machine does.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// timeLists asks for pages of 100 at a fixed rate over HTTP, each page another one.
func timeLists(ctx context.Context, db *sqldb.DB, name string) error {
	url, stop, err := serveUsers(ctx, db)
	if err != nil {
		return err
	}
	defer stop()
	const lists = listRate * int(listFor/time.Second)
	took := make([]time.Duration, lists)
	errs := make([]error, lists)
	began, busy := time.Now(), processorTime()
	var asking sync.WaitGroup
	for i := range lists {
		due := began.Add(time.Duration(i) * time.Second / listRate)
		time.Sleep(time.Until(due))
		asking.Go(func() {
			until := time.Unix(1_000_000_000+500*int64(i)*200, 0).UTC().Format(time.RFC3339)
			status, err := asUser(ctx, http.DefaultClient, "ada", url+api.PathPhotos+"?limit=100&by=taken&until="+until)
			if took[i] = time.Since(due); err == nil && status != http.StatusOK {
				err = fmt.Errorf("a list ended with status %d", status)
			}
			errs[i] = err
		})
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	busy = (processorTime() - busy) / time.Duration(lists)
	slices.Sort(took)
	fmt.Printf("%-28s list of 100 at %d per second: median %.1f ms   p99 %.1f ms   most %.1f ms   processor time of this program %.1f ms each\n",
		name, listRate, ms(took[lists/2]), ms(took[lists*99/100]), ms(took[lists-1]), ms(busy))
	return nil
}
