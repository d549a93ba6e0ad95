package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) storetest.Opener {
		path := filepath.Join(t.TempDir(), "photos 100%?#.db") // a name that is not a valid URL
		return func(t testing.TB) store.Store { return open(t, path) }
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]photo.Kind{
		"":                          photo.KindUsage,
		"sqlite:":                   photo.KindUsage,
		"photos.db":                 photo.KindUsage,
		"postgres://host/db":        photo.KindUsage,
		"sqlite:/no/such/folder/db": photo.KindInternal,
	} {
		if db, err := Open(t.Context(), url); photo.KindOf(err) != want || err == nil {
			t.Errorf("Open(%q) = %v, %v, want an error of kind %s", url, db, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "photos.db")
	if err := os.WriteFile(path, []byte("this is not a database, and never was one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("Open of something else = %v", err)
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "photos.db"))
	addPhotos(t, db, anOwner(t, db), 0, 1)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
		names = append(names, f.Name())
	}
	if want := []string{"photos.db", "photos.db-shm", "photos.db-wal", "photos.db.lock"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

// Services that start at the same time on an empty folder all succeed.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "photos.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(t.Context(), "sqlite:"+path)
			if err == nil {
				err = errors.Join(db.Ping(t.Context()), db.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// While another process holds the write lock, reading works and writing fails.
func TestLockedDatabaseIsUnavailable(t *testing.T) {
	if testing.Short() {
		t.Skip("waits out the busy timeout")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "photos.db")
	db := open(t, path)
	owner := anOwner(t, db)
	addPhotos(t, db, owner, 0, 1)
	other, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Add(t.Context(), owner, numbered(1), "key"); photo.KindOf(err) != photo.KindUnavailable {
		t.Errorf("Add = %v, want an error of kind %s", err, photo.KindUnavailable)
	}
	if page, err := db.List(t.Context(), owner, photo.Filter{}, "", 10); err != nil || len(page.Photos) != 1 {
		t.Errorf("List = %d photos, %v, want 1", len(page.Photos), err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	addPhotos(t, db, owner, 1, 2)
}

// After a restore, new changes get the numbers of those that were lost. Who has seen the lost ones
// must not take the new ones for them.
func TestRestoredDatabaseRefusesCursors(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "photos.db"))
	owner := anOwner(t, db)
	addPhotos(t, db, owner, 0, 3)
	seen, err := db.LatestChange(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.BeginEpochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	addPhotos(t, db, owner, 3, 5)
	if page, err := db.Changes(t.Context(), owner, seen, 10); photo.KindOf(err) != photo.KindGone {
		t.Errorf("%d changes after a cursor of before, %v", len(page.Changes), err)
	}
	if page, err := db.Changes(t.Context(), owner, "", 10); err != nil || len(page.Changes) != 5 {
		t.Errorf("%d changes from the start, %v, want 5", len(page.Changes), err)
	}
}

// A closed database is one file, which can be copied and restored on its own.
func TestCloseLeavesNoLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "photos.db")
	db, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Owner(t.Context(), "pool", "alice"); err != nil {
		t.Fatal(err)
	}
	if fresh, err := db.Fresh(t.Context()); fresh || err != nil { // opens a connection that reads
		t.Errorf("Fresh = %v, %v", fresh, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left behind: %v", err)
	}
}

// Close keeps what was acknowledged, and refuses calls that come later.
func TestCloseAnswersEveryCall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "photos.db")
	db := open(t, path)
	owner := anOwner(t, db)
	var mu sync.Mutex
	var kept []photo.ID
	var wg sync.WaitGroup
	first := make(chan struct{}, 1)
	for c := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				p := numbered(c*1_000_000 + i)
				_, err := db.Add(context.Background(), owner, p, fmt.Sprint(c, "-", i))
				if photo.KindOf(err) == photo.KindUnavailable {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				kept = append(kept, p.ID)
				mu.Unlock()
				select {
				case first <- struct{}{}:
				default:
				}
			}
		})
	}
	<-first
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	again := open(t, path)
	for _, id := range kept {
		if _, _, err := again.Get(t.Context(), owner, id, store.Live); err != nil {
			t.Errorf("an acknowledged photo is missing: %v", err)
		}
	}
}

// When one change makes the transaction of its batch fail, only that change fails.
func TestFailingChange(t *testing.T) {
	t.Parallel()
	failHalf(t, open(t, filepath.Join(t.TempDir(), "photos.db")))
}

// failHalf makes changes together. Half of them have a statement that fails.
func failHalf(t *testing.T, db *DB) {
	t.Helper()
	owner := anOwner(t, db)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				if _, err := db.Add(t.Context(), owner, numbered(i), "key"); err != nil {
					t.Error(err)
				}
				return
			}
			err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
				tx.note(owner, nil, &record{Photo: photo.Photo{Size: 1000}, number: 1 << 40})
				_, err := tx.exec(ctx, `UPDATE owner SET subject = NULL`)
				return err
			})
			if err == nil || photo.KindOf(err) != photo.KindInternal {
				t.Errorf("a change that breaks a constraint: %v", err)
			}
		})
	}
	wg.Wait()
	if u, err := db.Usage(t.Context(), owner); err != nil || u.Photos != 20 {
		t.Errorf("Usage = %+v, %v, want 20 photos", u, err)
	}
}

// A user who gives a photo one new tag after the other, and takes it away again, leaves no rows behind.
func TestCountsOfNothing(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "photos.db"))
	owner := anOwner(t, db)
	addPhotos(t, db, owner, 0, 2)
	rows := func() (n int) {
		t.Helper()
		if err := db.row(t.Context(), `SELECT COUNT(*) FROM tally`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := rows()
	for i := range 10 {
		tag := []string{fmt.Sprint("tag ", i)}
		for _, e := range []photo.Edit{{AddTags: tag}, {RemoveTags: tag}} {
			e.ID = numbered(0).ID
			if _, err := db.Edit(t.Context(), owner, []photo.Edit{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := rows(); after != before {
		t.Errorf("%d counts, want %d", after, before)
	}
	for i := range 2 {
		if _, err := db.Trash(t.Context(), owner, numbered(i).ID, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if after := rows(); after != 0 {
		t.Errorf("%d counts of no photo, want none", after)
	}
}

// older creates a database with the migrations up to version. It returns the path and a
// connection, which the caller closes.
func older(t *testing.T, version int64) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "photos.db")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(createFile(path))
	old, err := openWriter(path)
	must(err)
	files, err := fs.Sub(migrations, "migrations/before")
	must(err)
	provider, err := goose.NewProvider(goose.DialectSQLite3, old, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	must(err)
	_, err = provider.UpTo(t.Context(), version)
	must(err)
	return path, old
}

// In a database from before histories were kept, the history of a photo begins with the
// description that it had then.
func TestHistoryOfAnOlderDatabase(t *testing.T) {
	path, old := older(t, 13)
	for _, query := range []string{
		`INSERT INTO owner (id, pool, subject, created_at, photos, bytes) VALUES ('o', 'pool', 'alice', 1, 1, 1)`,
		`INSERT INTO photo (owner, id, state, blob_key, name, size, media_type, width, height, camera, description,
			description_source, folded, uploaded_at, version, taken_at)
			VALUES ('o', zeroblob(32), 0, 'k', 'n', 1, 'image/jpeg', 0, 0, '', 'old', 'web', 'n old', 1717171717000000, 5, 1)`,
	} {
		if _, err := old.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if _, err := db.Describe(t.Context(), "o", []store.Description{{Text: "new", Source: photo.FromFlag}}); err != nil {
		t.Fatal(err)
	}
	h, err := db.History(t.Context(), "o", photo.ID{})
	if err != nil || len(h.Revisions) != 2 || h.Photo.Version != 6 {
		t.Fatalf("history %+v, %v", h, err)
	}
	if first := h.Revisions[1]; first.Text != "old" || first.Source != photo.FromWeb || !first.Undo || first.SetAt.UnixMicro() != 1717171717000000 {
		t.Errorf("first %+v", first)
	}
	p, err := db.Undo(t.Context(), "o", photo.ID{}, h.Revisions[1].Number, nil)
	if err != nil || p.Description != "old" || p.Version != 7 {
		t.Errorf("undone: %+v, %v", p, err)
	}
}

// In a database from before sources were recorded, all known dates and positions came from
// the pictures.
func TestSourcesOfAnOlderDatabase(t *testing.T) {
	path, old := older(t, 27)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := old.ExecContext(t.Context(), `INSERT INTO owner (id, pool, subject, created_at, photos, bytes) VALUES ('o', 'pool', 'alice', 1, 2, 2)`)
	must(err)
	for i, row := range []string{`1717171717000000, NULL, 1.5, 2.5`, fmt.Sprint(1717171717000000-putBack, `, NULL, NULL, NULL`)} {
		_, err = old.ExecContext(t.Context(), `INSERT INTO photo (owner, id, state, blob_key, name, size, media_type, width, height, camera, description,
			description_source, folded, uploaded_at, version, taken_at, taken_offset, latitude, longitude)
			VALUES ('o', ?, 0, 'k', 'n', 1, 'image/jpeg', 0, 0, '', '', '', '', 1717171717000000, 1, `+row+`)`, []byte{31: byte(i)})
		must(err)
	}
	must(old.Close())

	db := open(t, path)
	dated, _, err := db.Get(t.Context(), "o", photo.ID{}, store.Live)
	must(err)
	if dated.TakenAt.String() != "2024-05-31T16:08:37" || dated.TakenSource != photo.FactEmbedded || dated.PositionSource != photo.FactEmbedded || !dated.ModifiedAt.IsZero() {
		t.Errorf("dated: %+v", dated)
	}
	undated, err := db.Learn(t.Context(), "o", photo.ID{31: 1}, photo.Facts{Modified: time.Unix(1e9, 0)})
	must(err)
	if undated.TakenSource != photo.FactModified || undated.TakenAt.String() != "2001-09-09T01:46:40Z" {
		t.Errorf("undated: %+v", undated)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("", "uploaded")
	f.Add(cursor{by: photo.ByTaken, at: -putBack, number: 7}.String(), "taken")
	f.Fuzz(func(t *testing.T, s, by string) {
		if by != string(photo.ByTaken) {
			by = string(photo.ByUploaded)
		}
		c, err := parseCursor(s, photo.Order(by))
		if err == nil && c.String() != s {
			t.Errorf("cursor %q reads as %+v, which is written %q", s, c, c)
		}
		if err != nil && photo.KindOf(err) != photo.KindUsage {
			t.Errorf("cursor %q: %v", s, err)
		}
	})
}

func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func anOwner(t testing.TB, db *DB) string {
	t.Helper()
	owner, err := db.Owner(t.Context(), "pool", "alice")
	if err != nil {
		t.Fatal(err)
	}
	return owner
}

func addPhotos(t testing.TB, db *DB, owner string, first, last int) {
	t.Helper()
	for i := first; i < last; i++ {
		if _, err := db.Add(t.Context(), owner, numbered(i), fmt.Sprint("key-", i)); err != nil {
			t.Fatal(err)
		}
	}
}
