package sqldb

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// An indexer keeps in the background what searches look in. It folds texts again that an older
// photosd folded, and builds the index of owners who search among more photos than a search reads
// one by one.
//
// The index consists of runs, which are never changed. A run has the texts of some thousand photos.
// A photo whose text or times change leaves its run, in the transaction of the change (photo.run =
// noRun). Searches read the photos that are in no run one by one, so they find every change at once,
// and uploads do no work for the index.
type indexer struct {
	db     *DB
	wanted chan string // owners whose photos should be indexed
	stop   context.CancelFunc
	ended  chan struct{}
}

// indexSizes are the sizes that decide when the index is used. Tests have smaller ones.
type indexSizes struct {
	run  int // photos in a run
	scan int // photos that a search reads one by one before it asks the index
}

// usualSizes returns sizes with which the photos that are in no run take as long as the rest of a search.
func usualSizes() indexSizes { return indexSizes{run: 8192, scan: 2000} }

const (
	// indexPause is how long an indexer waits before it looks for work again.
	indexPause = time.Minute
	// abandonAfter is how long building a run takes at most. After that its builder was killed.
	abandonAfter = time.Hour
	// gramRows is how many rows of search_gram one statement inserts.
	gramRows = 200
	// gramStatements is how many of those statements are in one transaction, so that others wait little.
	gramStatements = 10
)

func startIndexer(db *DB) *indexer {
	ctx, stop := context.WithCancel(context.Background())
	x := &indexer{db: db, wanted: make(chan string, 16), stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(x.ended)
		x.work(ctx)
	}()
	return x
}

func (x *indexer) close() {
	x.stop()
	<-x.ended
}

// want asks for an index of the owner's photos. It never waits: the next search asks again.
func (x *indexer) want(owner string) {
	select {
	case x.wanted <- owner:
	default:
	}
}

// work ignores errors: what could not be done is done later, and searches are right without it.
func (x *indexer) work(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := x.db.refold(ctx); err == nil && n > 0 {
			continue
		}
		_ = x.dropRuns(ctx)
		select {
		case owner := <-x.wanted:
			x.indexAll(ctx, owner)
		case <-time.After(indexPause):
		case <-ctx.Done():
		}
	}
}

// Index builds the index of an owner's photos now. Usually it is built little by little when the
// owner searches.
func (db *DB) Index(ctx context.Context, owner string) error {
	for {
		if built, err := db.buildRun(ctx, owner); err != nil || !built {
			return err
		}
	}
}

// indexAll is Index, but leaves as much time to others as it takes.
func (x *indexer) indexAll(ctx context.Context, owner string) {
	for {
		began := time.Now()
		if built, err := x.db.buildRun(ctx, owner); err != nil || !built {
			return
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return
		}
	}
}

// A run is built in memory before it is stored.
type run struct {
	id                          int64
	numbers, versions           []int64
	grams                       map[gram]postings
	firstUploaded, lastUploaded int64
	firstTaken, lastTaken       int64
	ordered                     bool // a photo with a higher number was not uploaded earlier
}

// buildRun indexes the oldest photos of an owner that are in no run. It reports whether there were
// enough for a run.
func (db *DB) buildRun(ctx context.Context, owner string) (bool, error) {
	r, err := db.readRun(ctx, owner)
	if err != nil || len(r.numbers) < db.sizes.run {
		return false, err
	}
	if err := db.storeGrams(ctx, owner, r); err != nil {
		return false, err
	}
	return true, db.writer.write(ctx, func(ctx context.Context, tx *txn) error { return tx.finishRun(ctx, owner, r) })
}

func (db *DB) readRun(ctx context.Context, owner string) (*run, error) {
	r := &run{
		id: rand.Int64N(math.MaxInt64-1) + 1, grams: map[gram]postings{},
		ordered: true, firstUploaded: math.MaxInt64, lastUploaded: math.MinInt64, firstTaken: math.MaxInt64, lastTaken: math.MinInt64,
	}
	const query = `SELECT number, version, folded, gear, uploaded_at, taken_at FROM photo WHERE run = ? AND owner = ? ORDER BY number LIMIT ?`
	err := db.each(ctx, query, []any{noRun, owner, db.sizes.run}, func(row scanner) error {
		var number, version, uploaded, taken int64
		var text, gear string
		if err := row.Scan(&number, &version, &text, &gear, &uploaded, &taken); err != nil {
			return err
		}
		r.numbers, r.versions = append(r.numbers, number), append(r.versions, version)
		r.ordered = r.ordered && uploaded >= r.lastUploaded
		r.firstUploaded, r.lastUploaded = min(r.firstUploaded, uploaded), max(r.lastUploaded, uploaded)
		r.firstTaken, r.lastTaken = min(r.firstTaken, taken), max(r.lastTaken, taken)
		for _, g := range gramsOf(indexedText(text, gear)) {
			r.grams[g] = append(r.grams[g], number)
		}
		return nil
	})
	return r, err
}

// storeGrams writes a run that is not used yet.
func (db *DB) storeGrams(ctx context.Context, owner string, r *run) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `INSERT INTO search_run (id, owner, ready, stale, built_at, ordered, first_uploaded, last_uploaded, first_taken, last_taken)
			VALUES (?, ?, 0, 0, ?, ?, ?, ?, ?, ?)`, r.id, owner, tx.now, flag(r.ordered), r.firstUploaded, r.lastUploaded, r.firstTaken, r.lastTaken)
		return err
	})
	for some := range slices.Chunk(slices.Sorted(maps.Keys(r.grams)), gramRows*gramStatements) {
		if err != nil {
			return err
		}
		err = db.writer.write(ctx, func(ctx context.Context, tx *txn) error { return tx.insertGrams(ctx, r, some) })
	}
	return err
}

func (t *txn) insertGrams(ctx context.Context, r *run, grams []gram) error {
	const insert = `INSERT INTO search_gram (run, gram, photos) VALUES (?, ?, ?)`
	for some := range slices.Chunk(grams, gramRows) {
		var args []any
		for _, g := range some {
			args = append(args, r.id, int64(g), r.grams[g].encode())
			if len(some) == gramRows {
				continue
			}
			if _, err := t.exec(ctx, insert, args...); err != nil { // no statement is compiled for a length that comes once
				return err
			}
			args = nil
		}
		if args == nil {
			continue
		}
		if _, err := t.exec(ctx, insert+strings.Repeat(`, (?, ?, ?)`, gramRows-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// finishRun puts the photos into the run, except those that were changed after they were read. If none is
// left, because another replica built a run of the same ones, the run is stale.
func (t *txn) finishRun(ctx context.Context, owner string, r *run) error {
	version := map[int64]int64{}
	for i, number := range r.numbers {
		version[number] = r.versions[i]
	}
	var same []int64
	const query = `SELECT number, version FROM photo WHERE run = ? AND owner = ? AND number BETWEEN ? AND ? ORDER BY number FOR UPDATE`
	err := t.each(ctx, query, []any{noRun, owner, r.numbers[0], r.numbers[len(r.numbers)-1]}, func(row scanner) error {
		var number, v int64
		err := row.Scan(&number, &v)
		if read, ok := version[number]; ok && read == v {
			same = append(same, number)
		}
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(same, numbersAtOnce) {
		list, args := numberList(some)
		if _, err := t.exec(ctx, `UPDATE photo SET run = ? WHERE number IN `+list, append([]any{r.id}, args...)...); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, `UPDATE search_run SET ready = 1, stale = ? WHERE id = ?`, flag(len(same) == 0), r.id)
	return err
}

// numbersAtOnce is how many photos one statement names.
const numbersAtOnce = 500

// numberList returns a list for IN. There are two lengths of it, so that statements are compiled
// seldom; the last number fills the list up.
func numberList(numbers []int64) (list string, args []any) {
	length := numbersAtOnce
	if len(numbers) <= numbersAtOnce/20 {
		length = numbersAtOnce / 20
	}
	for i := range length {
		args = append(args, numbers[min(i, len(numbers)-1)])
	}
	return `(?` + strings.Repeat(`, ?`, length-1) + `)`, args
}

// dropRuns removes one run that has texts of purged photos, and those whose builder was killed. Their
// photos are in no run then.
func (x *indexer) dropRuns(ctx context.Context) error {
	var ids []int64
	const query = `SELECT id FROM search_run WHERE stale = 1 OR ready = 0 AND built_at < clock() - ? LIMIT 1`
	err := x.db.each(ctx, query, []any{micros(abandonAfter)}, func(row scanner) error {
		var id int64
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = x.db.dropRun(ctx, id)
		}
	}
	return err
}

func (db *DB) dropRun(ctx context.Context, id int64) error {
	return db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		for _, query := range []string{
			`UPDATE photo SET run = 0 WHERE run = ?`,
			`DELETE FROM search_gram WHERE run = ?`,
			`DELETE FROM search_run WHERE id = ?`,
		} {
			if _, err := tx.exec(ctx, query, id); err != nil {
				return err
			}
		}
		return nil
	})
}
