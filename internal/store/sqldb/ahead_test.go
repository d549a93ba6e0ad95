package sqldb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/testkit/dbserver"
)

// Photos that arrive together are inserted by one statement where that is possible, and each caller still gets
// the result of its own photo.
func TestPhotosThatArriveTogether(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		arriveTogether(t, openConfig(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")}))
	})
	engines(t, func(t *testing.T, e dbserver.Engine) { arriveTogether(t, openConfig(t, fresh(t, e))) })
}

func arriveTogether(t *testing.T, db *DB) {
	db.Limit(store.Quota{Uploads: 1000}) // as photosd has it unless its settings say otherwise
	owner := anOwner(t, db)
	numbered := func(n byte) photo.Photo {
		return photo.Photo{ID: photo.ID{n}, Name: "a.jpg", Size: 10, Tags: []string{"new"}}
	}
	for _, n := range []byte{1, 2} {
		if _, err := db.Add(t.Context(), owner, numbered(n), string('a'+n)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Trash(t.Context(), owner, photo.ID{1}, time.Hour); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	callers := []struct {
		ctx     context.Context
		owner   string
		n       byte
		options []store.AddOption
		want    photo.Outcome
		err     photo.Kind
	}{
		{t.Context(), owner, 1, []store.AddOption{store.NoRestore}, "", photo.KindForbidden},
		{t.Context(), owner, 2, nil, photo.OutcomeExists, ""},
		{t.Context(), owner, 3, nil, photo.OutcomeUploaded, ""},
		{t.Context(), owner, 4, []store.AddOption{store.NoRestore}, photo.OutcomeUploaded, ""},
		{t.Context(), "nobody", 5, nil, "", photo.KindNotFound},
		{gone, owner, 6, nil, "", ""},
		{t.Context(), owner, 7, nil, photo.OutcomeUploaded, ""},
	}
	release := holdLanes(t, db)
	results := make([]store.Added, len(callers))
	errs := make([]error, len(callers))
	var adding sync.WaitGroup
	for i, c := range callers {
		adding.Go(func() { results[i], errs[i] = db.Add(c.ctx, c.owner, numbered(c.n), string('a'+c.n), c.options...) })
	}
	for db.writer.waiting.Load() < int64(len(callers)) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	release()
	adding.Wait()
	for i, c := range callers {
		switch {
		case c.ctx == gone:
			if !errors.Is(errs[i], context.Canceled) {
				t.Errorf("photo %d, whose caller is gone: %v", c.n, errs[i])
			}
		case c.want != results[i].Outcome || c.err != photo.KindOf(errs[i]) && errs[i] != nil || (c.want == "") != (errs[i] != nil):
			t.Errorf("photo %d: %q, %v, want %q", c.n, results[i].Outcome, errs[i], c.want)
		}
	}
	u, err := db.Usage(t.Context(), owner)
	if err != nil || u.Photos != 4 || u.TrashedPhotos != 1 {
		t.Errorf("usage %+v, %v, want 4 photos and 1 in the trash", u, err)
	}
	changes, err := db.Changes(t.Context(), owner, "", 100)
	if err != nil || len(changes.Changes) != 5 {
		t.Errorf("%d changes, %v, want 5", len(changes.Changes), err)
	}
	tags, err := db.Tags(t.Context(), owner, "", 1000)
	if err != nil || len(tags) != 1 || tags[0].Photos != 4 {
		t.Errorf("tags %v, %v, want one of 4 photos", tags, err)
	}
}

// Of callers that add the same photo in one batch, one stores it. The row has its key and its
// description, because the bytes of the others are removed.
func TestTheSamePhotosAtOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e dbserver.Engine) {
		const photos, callers = 40, 3
		db := openConfig(t, fresh(t, e))
		db.Limit(store.Quota{Uploads: 1000})
		owner := anOwner(t, db)
		var results [photos][callers]store.Added
		release := holdLanes(t, db)
		var adding sync.WaitGroup
		for n := range photos {
			for c := range callers {
				p := photo.Photo{ID: photo.ID{byte(n)}, Name: "a.jpg", Size: 10, Description: fmt.Sprint(c), DescriptionSource: photo.FromFlag}
				adding.Go(func() {
					var err error
					if results[n][c], err = db.Add(t.Context(), owner, p, fmt.Sprintf("%d-%d", n, c)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		for db.writer.waiting.Load() < photos*callers {
			time.Sleep(time.Millisecond)
		}
		release()
		adding.Wait()
		for n, added := range results {
			p, key, err := db.Get(t.Context(), owner, photo.ID{byte(n)}, store.Live)
			if err != nil {
				t.Fatal(err)
			}
			uploaded := 0
			for c, a := range added {
				if a.Outcome == photo.OutcomeUploaded {
					uploaded++
					if want := fmt.Sprint(c); p.Description != want || key != fmt.Sprintf("%d-%d", n, c) {
						t.Errorf("photo %d was uploaded by caller %d, and has the key %s and the description %s", n, c, key, p.Description)
					}
				}
				if a.Key != key {
					t.Errorf("photo %d: caller %d was told the key %s, and the row has %s", n, c, a.Key, key)
				}
			}
			if uploaded != 1 {
				t.Errorf("photo %d was uploaded by %d callers", n, uploaded)
			}
		}
	})
}

// holdLanes keeps all lanes busy until release is called.
func holdLanes(t *testing.T, db *DB) (release func()) {
	t.Helper()
	var ended sync.WaitGroup
	end := make(chan struct{})
	for range db.writer.b.writers {
		held := make(chan struct{})
		ended.Go(func() {
			err := db.writer.write(t.Context(), func(context.Context, *txn) error {
				close(held)
				<-end
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-held
	}
	return func() {
		close(end)
		ended.Wait()
	}
}

// With the settings that photosd has by default, PostgreSQL inserts many rows at once. A quota of photos
// needs each one counted before the next.
func TestRowsThatAreInsertedAtOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e dbserver.Engine) {
		db := openConfig(t, fresh(t, e))
		owner := anOwner(t, db)
		adding := func(n byte) *change {
			return &change{ctx: t.Context(), adds: &newRow{owner, photo.Photo{ID: photo.ID{n}}, "a"}}
		}
		changes := []*change{adding(1), adding(2), adding(2), {ctx: t.Context()}, adding(3)} // up to the first that adds no photo
		for q, want := range map[store.Quota]int{{Uploads: 1000}: 2, {Uploads: 1000, Photos: 9}: 0, {Bytes: 1 << 30}: 0} {
			if e != dbserver.Postgres {
				want = 0
			}
			db.Limit(q)
			l := &lane{writer: db.writer, endTurn: func() {}}
			err := l.transact(func(ctx context.Context, tx *txn) error {
				rows, err := tx.newRows(ctx, changes)
				if len(rows) != want {
					t.Errorf("quota %+v: %d rows, want %d", q, len(rows), want)
				}
				return err
			})
			_ = l.closeSession() // it is already closed, and says so
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// A change whose owner does not exist is not inserted ahead. When its turn comes, the rows behind it are there
// already, and still new to their callers.
func TestRowsAreInsertedAheadOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, e dbserver.Engine) {
		db := openConfig(t, fresh(t, e))
		owner := anOwner(t, db)
		var changes []*change
		for n, by := range []string{owner, "nobody", owner, owner} {
			changes = append(changes, &change{ctx: t.Context(), adds: &newRow{by, photo.Photo{ID: photo.ID{byte(n)}}, "a"}})
		}
		l := &lane{writer: db.writer, endTurn: func() {}}
		err := l.transact(func(ctx context.Context, tx *txn) error {
			err := errors.Join(tx.insertAhead(ctx, changes), tx.insertAhead(ctx, changes[1:]))
			for _, n := range []int{0, 2, 3} {
				_, inserted, insertErr := tx.insertPhoto(ctx, owner, changes[n].adds.p, "a")
				if err = errors.Join(err, insertErr); !inserted {
					t.Errorf("photo %d was there already", n)
				}
			}
			return err
		})
		_ = l.closeSession() // it is already closed, and says so
		if err != nil {
			t.Error(err)
		}
	})
}
