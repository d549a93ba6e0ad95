package sqldb

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/testkit/dbserver"
)

// A plan is what a test expects of the way in which a database finds rows.
type plan struct {
	index string // that is read
	part  string // how SQLite says which part of the index it reads
	sorts bool   // the rows come out of order
}

// Every list is a range of an index: nothing is sorted, and no row is read that the list has not, except for
// conditions that no index has. A search reads the newest photos like that, and everything else by
// the numbers or the index of runs. So its time does not grow with the library.
func TestListsAndSearchesUseIndexes(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		planned(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")}, explainSQLite, nil)
	})
	engines(t, func(t *testing.T, e dbserver.Engine) {
		if e == dbserver.Postgres {
			planned(t, fresh(t, e), explainPostgres, []string{`ANALYZE photo`, `ANALYZE search_gram`, `ANALYZE search_run`})
		} else {
			planned(t, fresh(t, e), explainMariaDB, []string{`ANALYZE TABLE photo, search_gram, search_run`})
		}
	})
}

// explainer checks one plan.
type explainer func(t *testing.T, db *DB, name string, q *query, want plan)

func planned(t *testing.T, c Config, explain explainer, analyze []string) {
	t.Helper()
	c.sizes = indexSizes{run: 1000, scan: 50}
	db := openConfig(t, c)
	owner, other := anOwner(t, db), otherOwner(t, db)
	addMany(t, db, owner, 0, 4100, 100)
	addMany(t, db, other, 4100, 5100, 100)
	for _, o := range []string{owner, other} {
		if err := db.Index(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	manyRuns(t, db)
	for _, query := range analyze {
		if _, err := db.health.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	listPlans(t, db, owner, explain)
	searchPlans(t, db, owner, explain)
}

// manyRuns adds runs of other owners: a table of a few rows is read as a whole.
func manyRuns(t *testing.T, db *DB) {
	t.Helper()
	err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
		for i := range 500 {
			_, err := tx.exec(ctx, `INSERT INTO search_run (id, owner, ready, stale, built_at, ordered, first_uploaded, last_uploaded, first_taken, last_taken)
				VALUES (?, ?, 1, 0, 0, 1, 0, 0, 0, 0)`, i+1, fmt.Sprint("owner", i))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func listPlans(t *testing.T, db *DB, owner string, explain explainer) {
	t.Helper()
	year := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	soon := time.Now().Add(time.Hour).UnixMicro()
	uploaded := cursor{by: photo.ByUploaded, at: soon, number: 1}.String()
	taken := cursor{by: photo.ByTaken, at: soon, number: 1}.String()
	ago := time.Now().Add(-time.Hour).UnixMicro()
	uploadedAgo := cursor{by: photo.ByUploaded, at: ago, number: 1}.String()
	takenAgo := cursor{by: photo.ByTaken, at: -1 << 61, number: 1}.String()
	for _, tt := range []struct {
		name, after string
		f           photo.Filter
		want        plan
		before      string
	}{
		{"newest", "", photo.Filter{}, plan{"photo_by_uploaded", "(owner=? AND state=?)", false}, ""},
		{"the next page", uploaded, photo.Filter{}, plan{"photo_by_uploaded", "(owner=? AND state=? AND uploaded_at<?)", false}, ""},
		{"a span", "", photo.Filter{Since: year, Until: year.AddDate(9, 0, 0)}, plan{"photo_by_uploaded", "(owner=? AND state=? AND uploaded_at>? AND uploaded_at<?)", false}, ""},
		{"trash", uploaded, photo.Filter{Trash: true}, plan{"photo_by_uploaded", "(owner=? AND state=? AND uploaded_at<?)", false}, ""},
		{"by taken", "", photo.Filter{By: photo.ByTaken}, plan{"photo_by_taken", "(owner=? AND state=?)", false}, ""},
		{"by taken, the next page", taken, photo.Filter{By: photo.ByTaken}, plan{"photo_by_taken", "(owner=? AND state=? AND taken_at<?)", false}, ""},
		{"by taken, a span", "", photo.Filter{By: photo.ByTaken, Since: year, Until: year.AddDate(9, 0, 0)}, plan{"photo_by_taken", "(owner=? AND state=? AND taken_at>? AND taken_at<?)", false}, ""},
		{"a prefix", "", photo.Filter{IDPrefix: "12345678"}, plan{"photo_by_id", "(owner=? AND id>? AND id<?)", true}, ""},
		{"the page before", "", photo.Filter{}, plan{"photo_by_uploaded", "(owner=? AND state=? AND uploaded_at>?)", false}, uploadedAgo},
		{"a span, the page before", "", photo.Filter{Since: year, Until: year.AddDate(9, 0, 0)}, plan{"photo_by_uploaded", "(owner=? AND state=? AND uploaded_at>? AND uploaded_at<?)", false}, uploadedAgo},
		{"by taken, the page before", "", photo.Filter{By: photo.ByTaken}, plan{"photo_by_taken", "(owner=? AND state=? AND taken_at>?)", false}, takenAgo},
	} {
		l, err := newListing(owner, tt.f, tt.after, tt.before)
		if err != nil {
			t.Fatal(err)
		}
		q := l.inOrder(l.after)
		if l.before != nil {
			q = l.from(*l.before, toNewer)
		}
		q.args = append(q.args, 101)
		explain(t, db, tt.name, q, tt.want)
	}
}

func searchPlans(t *testing.T, db *DB, owner string, explain explainer) {
	t.Helper()
	for _, by := range []photo.Order{photo.ByUploaded, photo.ByTaken} {
		l, err := newListing(owner, photo.Filter{Search: "img", By: by}, "", "")
		if err != nil {
			t.Fatal(err)
		}
		order := "photo_by_" + string(by)
		at := time.Now().Add(time.Hour).UnixMicro()
		edge := &cursor{by: by, at: at, number: 1}
		runs := []searchRun{{id: 1}, {id: 2}}
		limited := func(q *query) *query {
			q.args = append(q.args, 101)
			return q
		}
		for _, tt := range []struct {
			name string
			q    *query
			want plan
		}{
			{"the edge", l.edgeQuery(50), plan{order, "(owner=? AND state=?)", false}},
			{"the newest photos", limited(l.inOrderTo(&key{at, 1})), plan{order, "(owner=? AND state=? AND " + l.at + ">?)", false}},
			{"photos that are not indexed", limited(l.noRunQuery(noRun, edge)), plan{"photo_by_run", "(run=? AND owner=?)", true}},
			{"candidates", l.amongQuery([]int64{1, 2, 3}, edge), plan{"primary", "(rowid=?)", true}},
			{"a page", l.photosQuery([]int64{1, 2, 3}), plan{"primary", "(rowid=?)", true}},
			{"runs", l.runsQuery(edge), plan{"search_run_by_owner", "(owner=?)", true}},
			{"grams", gramsQuery(runs, 2, `gram IN (?, ?)`, []any{1, 2}), plan{"primary", "(run=? AND gram=?)", true}},
			{"a range of grams", gramsQuery(runs, 2, `gram BETWEEN ? AND ?`, []any{1, 2}), plan{"primary", "(run=? AND gram>? AND gram<?)", true}},
		} {
			explain(t, db, tt.name+" by "+string(by), tt.q, tt.want)
		}
	}
}

func explainSQLite(t *testing.T, db *DB, name string, q *query, want plan) {
	t.Helper()
	var lines []string
	err := eachRow(t.Context(), db.read, "EXPLAIN QUERY PLAN "+db.statement(q.text), q.args, func(row scanner) error {
		var id, parent, unused int
		var detail string
		err := row.Scan(&id, &parent, &unused, &detail)
		lines = append(lines, detail)
		return err
	})
	if err != nil {
		t.Fatal(name, err)
	}
	got := strings.Join(lines, "; ")
	through := "INDEX " + want.index + " "
	if want.index == "primary" {
		through = "PRIMARY KEY "
	}
	if !strings.Contains(got, through+want.part) || !want.sorts && len(lines) != 1 {
		t.Errorf("%s: %s, want %s", name, got, through+want.part)
	}
}

func explainPostgres(t *testing.T, db *DB, name string, q *query, want plan) {
	t.Helper()
	var lines []string
	conn, err := db.read.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), `SET enable_seqscan = off`); err != nil { // the tables of this test are small
		t.Fatal(err)
	}
	err = eachRow(t.Context(), conn, "EXPLAIN "+db.statement(q.text), q.args, func(row scanner) error {
		var line string
		err := row.Scan(&line)
		lines = append(lines, line)
		return err
	})
	if err != nil {
		t.Fatal(name, err)
	}
	got := strings.Join(lines, "\n")
	through := want.index
	if through == "primary" {
		through = "_pkey"
	}
	if !strings.Contains(got, through) || !want.sorts && strings.Contains(got, "Sort") || strings.Contains(got, "Seq Scan") {
		t.Errorf("%s, want %s:\n%s", name, through, got)
	}
}

func explainMariaDB(t *testing.T, db *DB, name string, q *query, want plan) {
	t.Helper()
	if strings.Contains(name, "trash") || name == "a prefix" {
		return // no rows: it says so at once
	}
	var got string
	row := db.read.QueryRowContext(t.Context(), "EXPLAIN FORMAT=JSON "+db.statement(q.text), q.args...)
	if err := row.Scan(&got); err != nil {
		t.Fatal(name, err)
	}
	index := want.index
	if index == "primary" {
		index = "PRIMARY"
	}
	m := regexp.MustCompile(`"key": "([^"]*)"`).FindStringSubmatch(got)
	if len(m) < 2 || m[1] != index || !want.sorts && strings.Contains(got, "filesort") {
		t.Errorf("%s, want %s:\n%s", name, index, got)
	}
	used := regexp.MustCompile(`"used_key_parts": (\[[^\]]*\])`).FindString(got)
	for _, column := range regexp.MustCompile(`\w+`).FindAllString(want.part, -1) {
		if strings.HasSuffix(column, "_at") && !strings.Contains(used, `"`+column+`"`) {
			t.Errorf("%s reads all of %s, not only the range of %s:\n%s", name, index, column, got)
		}
	}
}
