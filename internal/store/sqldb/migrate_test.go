package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/dbserver"
)

// versions returns the numbers of a folder's migrations.
func versions(t *testing.T, folder string) []int64 {
	t.Helper()
	files, err := fs.ReadDir(migrations, "migrations/"+folder)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int64
	for _, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Every database has the same migrations, and those before the baseline have smaller numbers.
func TestMigrationsOfEachDialect(t *testing.T) {
	t.Parallel()
	want := versions(t, "sqlite")
	for _, folder := range []string{"postgres", "mysql"} {
		if got := versions(t, folder); !slices.Equal(got, want) {
			t.Errorf("%s has %v, sqlite %v", folder, got, want)
		}
	}
	if before := versions(t, "before"); slices.Max(before) >= want[0] {
		t.Errorf("%d is not before the baseline %d", slices.Max(before), want[0])
	}
}

// A database that had only some of the migrations before the baseline keeps its rows and
// gets the tables of a new one.
func TestOlderDatabases(t *testing.T) {
	t.Parallel()
	fresh := open(t, filepath.Join(t.TempDir(), "photos.db"))
	want := tables(t, fresh)
	for _, version := range versions(t, "before") {
		path, old := older(t, version)
		if version >= 2 {
			for _, query := range []string{
				`INSERT INTO owner (id, pool, subject, created_at, photos, bytes) VALUES ('o', 'pool', 'alice', 1, 1, 7)`,
				`INSERT INTO photo (owner, id, state, blob_key, name, size, media_type, width, height, camera, description,
					description_source, folded, uploaded_at, version, taken_at)
					VALUES ('o', zeroblob(32), 0, 'k', 'n', 7, 'image/jpeg', 0, 0, '', 'old', 'web', 'n old', 1717171717000000, 5, 1)`,
			} {
				if _, err := old.ExecContext(t.Context(), query); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is nothing to migrate
			db := open(t, path)
			if d := cmp.Diff(want, tables(t, db)); d != "" {
				t.Errorf("from version %d, -new +taken over:\n%s", version, d)
			}
			if version < 2 {
				continue
			}
			p, key, err := db.Get(t.Context(), "o", photo.ID{}, store.Live)
			if err != nil || key != "k" || p.Description != "old" || p.Version != 5 || p.Size != 7 {
				t.Errorf("from version %d: %+v, key %q, %v", version, p, key, err)
			}
		}
	}
}

// The first photosd that was used for real photos had the migrations up to 13. The photos,
// the trash and the unfinished uploads of its database are kept.
func TestDatabaseOfTheFirstVersion(t *testing.T) {
	t.Parallel()
	path, old := older(t, 13)
	live, trashed, unfinished := photo.ID{1}, photo.ID{2}, photo.ID{3}
	later := time.Now().Add(time.Hour).UnixMicro()
	insertPhoto := `INSERT INTO photo (owner, id, state, blob_key, name, size, media_type, width, height, taken_at, camera,
			description, description_source, folded, uploaded_at, trashed_at, purge_at, version)
		VALUES ('o', ?, ?, ?, 'beach.jpg', 7, 'image/jpeg', 4, 3, 1, '', ?, 'flag', ?, 1717171717000000, ?, ?, 1)`
	for _, c := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO owner (id, pool, subject, created_at, photos, bytes) VALUES ('o', 'pool', 'ada', 1, 1, 7)`, nil},
		{insertPhoto, []any{live[:], 0, "k1", "Sunset", "beach.jpg sunset", nil, nil}},
		{insertPhoto, []any{trashed[:], 1, "k2", "Blurred", "beach.jpg blurred", 1717171718000000, later}},
		{`INSERT INTO upload (id, owner, photo, length, name, description, description_source, created_at, expires_at, writer, lease, leased_until, generation)
			VALUES ('u', 'o', ?, 9000000, 'large.jpg', 'Half way', 'flag', 1717171717000000, ?, 'w', 0, 0, 3)`, []any{unfinished[:], later}},
	} {
		if _, err := old.ExecContext(t.Context(), c.query, c.args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	p, key, err := db.Get(t.Context(), "o", live, store.Live)
	if err != nil || key != "k1" || p.Description != "Sunset" || p.DescriptionSource != photo.FromFlag {
		t.Errorf("the photo: %+v, key %q, %v", p, key, err)
	}
	if p, err = db.Restore(t.Context(), "o", trashed); err != nil || p.Description != "Blurred" {
		t.Errorf("out of the trash: %+v, %v", p, err)
	}
	u, err := db.Upload(t.Context(), "o", "u")
	if err != nil || u.Finished() || u.Photo != unfinished || u.Length != 9_000_000 || u.Description != "Half way" {
		t.Errorf("the unfinished upload: %+v, %v", u, err)
	}
	claimed, err := db.ClaimUpload(t.Context(), u, time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	added, err := db.FinishUpload(t.Context(), "o", "u", claimed.Generation, photo.Photo{ID: unfinished, Size: 9_000_000}, "k3", store.Finish{Keep: time.Hour})
	if err != nil || added.Outcome != photo.OutcomeUploaded {
		t.Errorf("finished: %+v, %v", added, err)
	}
	if usage, err := db.Usage(t.Context(), "o"); err != nil || usage != (store.Usage{Photos: 3, Bytes: 9_000_014}) {
		t.Errorf("Usage = %+v, %v", usage, err)
	}
}

// A database may have got a migration with a smaller number after one with a larger number.
func TestDatabaseFromBeforeQuotas(t *testing.T) {
	t.Parallel()
	path, old := older(t, 34)
	for _, query := range []string{
		`ALTER TABLE owner DROP COLUMN trashed_photos`, `ALTER TABLE owner DROP COLUMN trashed_bytes`,
		`DELETE FROM goose_db_version WHERE version_id BETWEEN 24 AND 26`,
		`INSERT INTO owner (id, pool, subject, created_at, photos, bytes) VALUES ('o', 'pool', 'alice', 1, 3, 7)`,
	} {
		if _, err := old.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if u, err := db.Usage(t.Context(), "o"); err != nil || u != (store.Usage{Photos: 3, Bytes: 7}) {
		t.Errorf("Usage = %+v, %v", u, err)
	}
}

// tables returns the columns and indexes of a SQLite database. It leaves out defaults,
// because no statement relies on them.
func tables(t *testing.T, db *DB) []string {
	t.Helper()
	var lines []string
	err := db.each(t.Context(), `SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || c.pk
			FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'
		UNION ALL SELECT m.name || ' ' || i.name || ' ' || i."unique" || i.partial || ' ' ||
			(SELECT GROUP_CONCAT(x.name, ',') FROM pragma_index_info(i.name) x)
			FROM sqlite_schema m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'goose%'`, nil,
		func(row scanner) error {
			var line string
			err := row.Scan(&line)
			lines = append(lines, line)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// The tables of a newer program are refused and not changed.
func TestDatabaseOfTheFuture(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, c Config) {
		t.Helper()
		db := openConfig(t, c)
		if _, err := db.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, `+
			map[bool]string{true: "TRUE", false: "1"}[db.numbered]+`)`); err != nil {
			t.Fatal(err)
		}
		_, err := c.Open(t.Context())
		if photo.KindOf(err) != photo.KindConflict || !strings.Contains(err.Error(), "was made by a newer photosd: its tables have version 999") || strings.Contains(err.Error(), "\n") {
			t.Errorf("opened: %v", err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		check(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")})
	})
	engines(t, func(t *testing.T, e dbserver.Engine) { check(t, fresh(t, e)) })
}

// Replicas that start at the same time on an empty database all succeed.
func TestReplicasStartTogether(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		c := fresh(t, e)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				db, err := c.Open(context.Background())
				if err == nil {
					err = errors.Join(db.Ping(context.Background()), db.Close())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// A start that was killed between two statements of MariaDB's migration can be repeated.
func TestHalfOfTheTables(t *testing.T) {
	t.Parallel()
	c := fresh(t, dbserver.MariaDB)
	db := openConfig(t, c)
	for _, query := range []string{`DROP TABLE revision`, `DROP TABLE access_key`, `DELETE FROM goose_db_version WHERE version_id > 0`} {
		if _, err := db.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openConfig(t, c).Keys(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
}

// A database from before counts were kept gets them, on every database, also when the change
// of the tables was killed half-way before.
func TestCountsOfAnOlderDatabase(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, c Config, exec func(...string) error) {
		t.Helper()
		db := openConfig(t, c)
		owner := anOwner(t, db)
		for i, taken := range []string{"2024-05-31T23:30:00-02:00", "2024-06-01T00:00:00", "", "1969-12-31T23:59:59.5", "1901-01-01T00:00:00+05:30"} {
			p := numbered(i)
			if err := p.TakenAt.UnmarshalText([]byte(taken)); err != nil {
				t.Fatal(err)
			}
			p.MediaType, p.Camera = "image/jpeg", []string{"Canon", "Canon "}[i%2]
			if _, err := db.Add(t.Context(), owner, p, fmt.Sprint("key-", i)); err != nil {
				t.Fatal(err)
			}
		}
		addPhotos(t, db, owner, 5, 7)
		if _, err := db.Trash(t.Context(), owner, numbered(5).ID, time.Hour); err != nil {
			t.Fatal(err)
		}
		want, err := db.Stats(t.Context(), owner)
		if err != nil || want.Photos != 6 || len(want.Months) != 5 {
			t.Fatalf("%+v, %v", want, err)
		}
		if err := exec(
			`DROP TABLE feed`, `DROP TABLE tally`, `DROP TABLE photo_tag`,
			`ALTER TABLE owner DROP COLUMN changes`, `ALTER TABLE owner DROP COLUMN forgotten`, `ALTER TABLE owner DROP COLUMN epoch`,
			`ALTER TABLE photo DROP COLUMN folder`, `ALTER TABLE photo DROP COLUMN tags`,
			`DELETE FROM goose_db_version WHERE version_id BETWEEN 41 AND 44`,
		); err != nil {
			t.Fatal(err)
		}
		versions := []int64{43}
		if !db.ignores { // MariaDB ends a transaction with each statement
			versions = append(versions, 42, 40)
		}
		for _, version := range versions {
			again := openConfig(t, c)
			got, err := again.Stats(t.Context(), owner)
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("%v, -want +got:\n%s", err, d)
			}
			if tags, err := again.Tags(t.Context(), owner, "", 1000); len(tags) != 0 || err != nil {
				t.Errorf("tags %v, %v", tags, err)
			}
			if err := exec(fmt.Sprint(`DELETE FROM goose_db_version WHERE version_id BETWEEN `, version, ` AND 44`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "photos.db")
		check(t, Config{URL: "sqlite:" + path}, func(queries ...string) error {
			db, err := openWriter(path)
			for _, query := range queries {
				if err == nil {
					_, err = db.ExecContext(t.Context(), query)
				}
			}
			return errors.Join(err, db.Close())
		})
	})
	engines(t, func(t *testing.T, e dbserver.Engine) {
		c := fresh(t, e)
		check(t, c, func(queries ...string) error {
			return shared.server(t, e).Exec(t.Context(), strings.TrimPrefix(parse(t, c.URL).Path, "/"), queries...)
		})
	})
}
