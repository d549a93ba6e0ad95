package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	openapi "photos/api"
	"photos/internal/blob"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
)

// discardServe is the service with a store that digests bytes and drops them, for
// a file that is larger than the disk. Every token is somebody's.
func discardServe(ctx context.Context, dir string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "photos.db"))
	if err != nil {
		return err
	}
	srv, err := discardServer(l, db, func(context.Context, string) (service.Identity, error) {
		return service.Identity{Pool: "bench", Subject: "ada", Expires: time.Now().Add(time.Hour)}, nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", l.Addr())
	web := &http.Server{Handler: srv, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = web.Close() })
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return db.Close()
}

// discardServer is the service over l and db, with a store that drops all bytes.
func discardServer(l net.Listener, db *sqldb.DB, verify func(ctx context.Context, token string) (service.Identity, error)) (*httpapi.Server, error) {
	blobs := &discard{staged: map[string]*dropped{}}
	svc, err := service.New(service.Config{Store: db, Blobs: blobs, Staging: blobs, Verify: verify, Inspect: metadata.Read})
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Config{BaseURL: "http://" + l.Addr().String(), Local: true, Service: svc, OpenAPI: openapi.JSON})
}

// discard is a blob.Store and blob.Staging that keeps the first bytes of each upload only, so that it
// can still be seen what they are.
type discard struct {
	mu     sync.Mutex
	staged map[string]*dropped
}

// keptHead is how many bytes are kept.
const keptHead = 1 << 20

// dropped implements blob.Staged.
type dropped struct {
	mu   sync.Mutex
	head []byte
	size int64
	hash hash.Hash
}

func (d *discard) Create(_ context.Context, _, name string) (blob.Staged, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.staged[name] = &dropped{hash: sha256.New()}
	return d.staged[name], nil
}

func (*discard) Whole(context.Context, string, int64, photo.ID) (blob.Staged, error) {
	return &dropped{hash: sha256.New()}, nil
}

func (d *discard) Resume(_ context.Context, _, name string, _ []byte) (blob.Staged, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.staged[name]; s != nil {
		return s, nil
	}
	return nil, blob.ErrNotFound
}

func (d *discard) StagedSize(ctx context.Context, name string) (int64, error) {
	s, err := d.Resume(ctx, "", name, nil)
	if err != nil {
		return 0, err
	}
	return s.Size(), nil
}

func (d *discard) Discard(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.staged, name)
	return nil
}

func (*discard) Open(context.Context, string, string) (blob.Reader, error) {
	return nil, blob.ErrNotFound
}
func (*discard) Size(context.Context, string, string) (int64, error) { return 0, blob.ErrNotFound }
func (*discard) Delete(context.Context, string, string) error        { return nil }
func (*discard) EachStaged(context.Context, func(string, time.Time) error) error {
	return nil
}
func (*discard) EachBlob(context.Context, func(string, string, time.Time) error) error { return nil }

func (s *dropped) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = append(s.head, p[:min(len(p), keptHead-len(s.head))]...)
	s.size += int64(len(p))
	return s.hash.Write(p)
}

// ReadAt reads zeros where nothing was kept.
func (s *dropped) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int(min(int64(len(p)), max(0, s.size-off)))
	clear(p[:n])
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *dropped) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

func (s *dropped) Digest() (photo.ID, error) { return photo.ID(s.hash.Sum(nil)), nil }

func (*dropped) Commit(context.Context, bool) (string, error) { return rand.Text(), nil }
func (*dropped) DigestState() []byte                          { return nil }
func (*dropped) Sync() error                                  { return nil }
func (*dropped) Close() error                                 { return nil }
