package sqldb

import (
	"cmp"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"photos/internal/photo"
)

// A search is a list with words, in one snapshot. It first reads the newest photos one by one: a
// common word fills the page there. Only if it does not, the index says which of the others may
// have the words, and these are read too. So a common word costs no sorting of all photos that have
// it, and a rare one no reading of those that have it not.
//
// The index only leaves photos out. Each photo that it names is compared with the whole filter, and
// photos that are in no run are always read, so the result does not depend on how far the index is.
type search struct {
	*listing
	*reading
	page *pageBuilder
}

// A key is what a list is sorted by.
type key struct{ at, number int64 }

// newerFirst compares keys in the order of a list.
func newerFirst(a, b key) int {
	return -cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number))
}

func (s search) run() error {
	edge, err := s.edge()
	if err != nil {
		return err
	}
	q := s.inOrderTo(edge)
	if err := s.each(q.text, append(q.args, s.wanted()), s.page.add); err != nil || edge == nil || s.page.full {
		return err
	}
	s.db.index.want(s.owner)
	found, err := s.beyond(&cursor{by: s.by, at: edge.at, number: edge.number})
	if err != nil {
		return err
	}
	return s.addPhotos(found)
}

// wanted is how many photos the page still needs. One of them only shows that there is a next page.
func (s search) wanted() int { return s.page.limit + 1 - len(s.page.page.Photos) }

// edge returns the last photo that is read one by one, or nil if these are all.
func (s search) edge() (*key, error) {
	q := s.edgeQuery(s.db.sizes.scan + 2*s.page.limit)
	var k key
	err := s.row(q.text, q.args...).Scan(&k.at, &k.number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // there is no edge
	}
	return &k, err
}

// beyond returns the first of the photos after the edge, as many as the page needs.
func (s search) beyond(edge *cursor) ([]key, error) {
	found, err := s.inNoRun(edge)
	if err != nil {
		return nil, err
	}
	runs, err := s.runs(edge)
	if err != nil {
		return nil, err
	}
	const first, most = 2, 32 // the first runs often suffice
	for n := first; len(runs) > 0 && !s.enough(found, runs[0]); n = min(2*n, most) {
		some := runs[:min(n, len(runs))]
		runs = runs[len(some):]
		candidates, err := s.candidates(some, n)
		if err != nil {
			return nil, err
		}
		if found, err = s.amongRuns(some, candidates, found, edge); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// amongRuns adds photos of runs to those that are found. Candidates of several runs share a query.
func (s search) amongRuns(runs []searchRun, candidates map[int64]postings, found []key, edge *cursor) ([]key, error) {
	var next []candidate
	for i, r := range runs {
		for _, number := range slices.Backward(candidates[r.id]) {
			next = append(next, candidate{number, r.id})
		}
		if last := i == len(runs)-1; !last && len(next) < numbersAtOnce {
			continue
		}
		more, err := s.amongCandidates(next, r, edge)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		slices.SortFunc(found, newerFirst)
		found, next = found[:min(len(found), s.wanted())], nil
		if s.enough(found, r) {
			break
		}
	}
	return found, nil
}

// amongCandidates finds photos among candidates, those of the run r last.
func (s search) amongCandidates(candidates []candidate, r searchRun, edge *cursor) (found []key, err error) {
	ofRun := 0
	for some := range slices.Chunk(candidates, numbersAtOnce) {
		more, err := s.among(some, edge)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		if some[0].run == r.id {
			ofRun += len(more)
		}
		if r.ordered && ofRun >= s.wanted() {
			break // the others of the run come later in the list
		}
	}
	return found, nil
}

// enough reports whether the page needs nothing of a run and of those after it, which are older.
func (s search) enough(found []key, r searchRun) bool {
	return len(found) == s.wanted() && found[len(found)-1].at > r.last
}

// A candidate is a photo that may have all words.
type candidate struct{ number, run int64 }

// inNoRun finds photos that the index does not have.
func (s search) inNoRun(edge *cursor) ([]key, error) {
	var found []key
	for _, run := range []int{noRun, oldFold} {
		q := s.noRunQuery(run, edge)
		err := s.each(q.text, append(q.args, s.wanted()), func(row scanner) error {
			var k key
			err := row.Scan(&k.number, &k.at)
			found = append(found, k)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, newerFirst)
	return found[:min(len(found), s.wanted())], nil
}

// among finds photos among candidates, at most numbersAtOnce. One that is no longer in the run that
// names it is found elsewhere.
func (s search) among(candidates []candidate, edge *cursor) (found []key, err error) {
	isOne := map[candidate]bool{}
	var numbers []int64
	for _, c := range candidates {
		numbers, isOne[c] = append(numbers, c.number), true
	}
	q := s.amongQuery(numbers, edge)
	err = s.each(q.text, q.args, func(row scanner) error {
		var k key
		var run int64
		err := row.Scan(&k.number, &k.at, &run)
		if isOne[candidate{k.number, run}] {
			found = append(found, k)
		}
		return err
	})
	return found, err
}

// addPhotos adds photos to the page.
func (s search) addPhotos(found []key) error {
	for some := range slices.Chunk(found, numbersAtOnce) {
		var numbers []int64
		for _, k := range some {
			numbers = append(numbers, k.number)
		}
		q := s.photosQuery(numbers)
		err := s.each(q.text, q.args, s.page.add)
		if err != nil || s.page.full {
			return err
		}
	}
	return nil
}

// A searchRun is a run that may have photos of a list.
type searchRun struct {
	id, last int64
	ordered  bool // a photo with a higher number comes earlier in the list
}

// runs returns the runs that have photos after the edge, those with the newest photos first.
func (s search) runs(edge *cursor) (runs []searchRun, err error) {
	q := s.runsQuery(edge)
	err = s.each(q.text, q.args, func(row scanner) error {
		var r searchRun
		err := row.Scan(&r.id, &r.last, &r.ordered)
		r.ordered = r.ordered && s.by == photo.ByUploaded
		runs = append(runs, r)
		return err
	})
	slices.SortFunc(runs, func(a, b searchRun) int { return cmp.Compare(b.last, a.last) })
	return runs, err
}

// candidates returns the photos of each run that may have all words. The query has room for n runs.
func (s search) candidates(runs []searchRun, n int) (map[int64]postings, error) {
	ranges := rangesOfAll(s.words)
	found := map[int64]map[gramRange][]postings{} // by run and range
	for _, r := range runs {
		found[r.id] = map[gramRange][]postings{}
	}
	var one []any
	for _, r := range ranges {
		if r.isOne() {
			one = append(one, int64(r.first))
			continue
		}
		err := s.grams(runs, n, `gram BETWEEN ? AND ?`, []any{int64(r.first), int64(r.last)}, func(run int64, _ gram, p postings) {
			found[run][r] = append(found[run][r], p)
		})
		if err != nil {
			return nil, err
		}
	}
	if len(one) > 0 {
		err := s.grams(runs, n, `gram IN (?`+strings.Repeat(`, ?`, len(one)-1)+`)`, one, func(run int64, g gram, p postings) {
			r := gramRange{g, g}
			found[run][r] = append(found[run][r], p)
		})
		if err != nil {
			return nil, err
		}
	}
	candidates := map[int64]postings{}
	for id, of := range found {
		candidates[id] = intersection(ranges, of)
	}
	return candidates, nil
}

// intersection returns the photos that have a gram of every range.
func intersection(ranges []gramRange, of map[gramRange][]postings) postings {
	var unions []postings
	for _, r := range ranges {
		if len(of[r]) == 0 {
			return nil
		}
		unions = append(unions, or(of[r]))
	}
	slices.SortFunc(unions, func(a, b postings) int { return cmp.Compare(len(a), len(b)) })
	all := unions[0]
	for _, u := range unions[1:] {
		all = all.and(u)
	}
	return all
}

// grams reads rows of the index. The query has room for n runs; the last one fills it up.
func (s search) grams(runs []searchRun, n int, condition string, args []any, note func(run int64, g gram, p postings)) error {
	q := gramsQuery(runs, n, condition, args)
	return s.each(q.text, q.args, func(row scanner) error {
		var run, g int64
		var b []byte
		if err := row.Scan(&run, &g, &b); err != nil {
			return err
		}
		p, err := decodePostings(b)
		if err == nil {
			note(run, gram(g), p)
		}
		return err
	})
}
