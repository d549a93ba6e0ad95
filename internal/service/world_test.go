package service_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"photos/internal/blob"
	"photos/internal/blob/disk"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store"
	"photos/internal/store/sqldb"
)

// world is a database, a folder, and processes that use them.
type world struct {
	t         testing.TB
	dir       string
	lease     time.Duration
	raw       *sql.DB
	processes []*process
}

// process is a service with handles of its own, as in a process of its own.
type process struct {
	db      *sqldb.DB
	disk    *disk.Store
	fuse    *fuse
	uploads *service.Uploads
	sweeper *service.Sweeper
}

func newWorld(t testing.TB, lease time.Duration) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), lease: lease}
	w.processes = []*process{w.start(), w.start()}
	raw, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "photos.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	w.raw = raw
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
		for _, p := range w.processes {
			w.stop(p)
		}
	})
	return w
}

func (w *world) start() *process {
	db, err := sqldb.Open(context.Background(), "sqlite:"+filepath.Join(w.dir, "photos.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	blobs, err := disk.Open(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{db: db, disk: blobs, fuse: &fuse{}}
	log := slog.New(slog.DiscardHandler)
	svc, err := service.New(service.Config{
		Store: fusedStore{db, p.fuse}, Blobs: blobs, Staging: fusedStaging{blobs, p.fuse}, Inspect: metadata.Read, Log: log,
		Verify: func(context.Context, string) (service.Identity, error) {
			return service.Identity{}, errors.New("nobody signs in")
		},
		Limits: service.Limits{UploadLifetime: time.Hour, Spare: time.Hour, Lease: w.lease},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.uploads = svc.Uploads
	p.sweeper = &service.Sweeper{Rows: db, Blobs: blobs, Staging: blobs, Log: log}
	return p
}

func (w *world) stop(p *process) {
	if err := errors.Join(p.db.Close(), p.disk.Close()); err != nil {
		w.t.Error(err)
	}
}

// restart replaces a process that died.
func (w *world) restart(n int) {
	w.stop(w.processes[n])
	w.processes[n] = w.start()
}

type fataler interface{ Fatal(args ...any) }

// exec changes the database directly.
func (w *world) exec(t fataler, query string, args ...any) {
	if _, err := w.raw.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// fuse makes a process die at a call: that call and all later ones fail.
type fuse struct {
	mu    sync.Mutex
	left  int64 // calls until then; 0: the process does not die
	after bool  // the last call takes effect, but its result is lost
	dead  bool
}

var errDead = errors.New("the process is dead")

func (f *fuse) light(calls int64, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.after = calls, after
}

// extinguish stops the fuse, and reports whether the process died.
func (f *fuse) extinguish() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = 0
	return f.dead
}

// through makes a call unless the process is dead.
func (f *fuse) through(call func() error) error {
	f.mu.Lock()
	dies := f.left == 1
	if f.left > 0 {
		f.left--
	}
	dead := f.dead || dies && !f.after
	f.dead = f.dead || dies
	f.mu.Unlock()
	if dead {
		return errDead
	}
	err := call()
	if dies {
		return errDead
	}
	return err
}

// fusedStore and fusedStaging make their calls through a fuse. A handle can still be closed,
// because the system closes the handles of a dead process.
type fusedStore struct {
	store.Store
	fuse *fuse
}

func (r fusedStore) Upload(ctx context.Context, owner, id string) (u store.Upload, err error) {
	err = r.fuse.through(func() error { u, err = r.Store.Upload(ctx, owner, id); return err })
	return u, err
}

func (r fusedStore) ClaimUpload(ctx context.Context, u store.Upload, lease, lifetime time.Duration) (c store.Upload, err error) {
	err = r.fuse.through(func() error { c, err = r.Store.ClaimUpload(ctx, u, lease, lifetime); return err })
	return c, err
}

func (r fusedStore) ReleaseUpload(ctx context.Context, owner, id string, generation int64, digest []byte) error {
	return r.fuse.through(func() error { return r.Store.ReleaseUpload(ctx, owner, id, generation, digest) })
}

func (r fusedStore) FinishUpload(ctx context.Context, owner, id string, generation int64, p photo.Photo, key string, f store.Finish, options ...store.AddOption) (a store.Added, err error) {
	err = r.fuse.through(func() error {
		a, err = r.Store.FinishUpload(ctx, owner, id, generation, p, key, f, options...)
		return err
	})
	return a, err
}

func (r fusedStore) AbandonUpload(ctx context.Context, owner, id string, generation int64) error {
	return r.fuse.through(func() error { return r.Store.AbandonUpload(ctx, owner, id, generation) })
}

type fusedStaging struct {
	blob.Staging
	fuse *fuse
}

func (s fusedStaging) Resume(ctx context.Context, owner, name string, state []byte) (blob.Staged, error) {
	var h blob.Staged
	err := s.fuse.through(func() (err error) { h, err = s.Staging.Resume(ctx, owner, name, state); return err })
	if err != nil {
		if h != nil {
			_ = h.Close()
		}
		return nil, err
	}
	return fusedStaged{h, s.fuse}, nil
}

func (s fusedStaging) Discard(ctx context.Context, name string) error {
	return s.fuse.through(func() error { return s.Staging.Discard(ctx, name) })
}

type fusedStaged struct {
	blob.Staged
	fuse *fuse
}

func (h fusedStaged) Write(p []byte) (n int, err error) {
	err = h.fuse.through(func() error { n, err = h.Staged.Write(p); return err })
	return n, err
}

func (h fusedStaged) Sync() error { return h.fuse.through(h.Staged.Sync) }

func (h fusedStaged) Commit(ctx context.Context, keep bool) (key string, err error) {
	err = h.fuse.through(func() error { key, err = h.Staged.Commit(ctx, keep); return err })
	return key, err
}
