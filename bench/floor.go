package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the floor's rows
)

// The floor is a client and a server that do only what must be done: digest at
// both ends, sync each file and its folder, and one row per photo, committed in
// groups. No accounts, no metadata, no resuming.

const floorBuffer = 256 << 10

// floorServe serves PUT /DIGEST into dir and prints its address.
func floorServe(ctx context.Context, dir string) error {
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "rows.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return err
	}
	if _, err := db.Exec("CREATE TABLE photo (id TEXT PRIMARY KEY, bytes INTEGER) WITHOUT ROWID"); err != nil {
		return err
	}
	rows := make(chan floorRow, 1024)
	go floorCommit(db, rows)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	context.AfterFunc(ctx, func() { l.Close() })
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := floorStore(dir, r.URL.Path[1:], r.Body)
		if err == nil {
			row := floorRow{r.URL.Path[1:], n, make(chan error, 1)}
			rows <- row
			err = <-row.done
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	if ctx.Err() != nil {
		return nil // told to end
	}
	return err
}

type floorRow struct {
	id    string
	bytes int64
	done  chan error
}

// floorCommit puts all rows that wait into one transaction, again and again.
func floorCommit(db *sql.DB, rows <-chan floorRow) {
	for first := range rows {
		group := []floorRow{first}
		for range len(rows) {
			group = append(group, <-rows)
		}
		err := floorInsert(db, group)
		for _, r := range group {
			r.done <- err
		}
	}
}

func floorInsert(db *sql.DB, group []floorRow) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, r := range group {
		if _, err := tx.Exec("INSERT OR IGNORE INTO photo (id, bytes) VALUES (?, ?)", r.id, r.bytes); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func floorStore(dir, id string, body io.Reader) (int64, error) {
	shard := filepath.Join(dir, id[:2])
	f, err := os.CreateTemp(shard, "part-*")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(f, h), struct{ io.Reader }{body}, make([]byte, floorBuffer))
	if err != nil {
		return 0, err
	}
	if hex.EncodeToString(h.Sum(nil)) != id {
		return 0, errors.New("digest")
	}
	if err := errors.Join(f.Sync(), os.Rename(f.Name(), filepath.Join(shard, id))); err != nil {
		return 0, err
	}
	d, err := os.Open(shard)
	if err != nil {
		return 0, err
	}
	return n, errors.Join(d.Sync(), d.Close())
}

// floorPut digests and sends every file below dir over conns connections.
func floorPut(ctx context.Context, addr, dir string, conns int) error {
	paths := make(chan string, 1024)
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, WriteBufferSize: 64 << 10}}
	errs := make(chan error, conns+1)
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			buf := make([]byte, floorBuffer)
			for p := range paths {
				if err := floorSend(ctx, hc, addr, p, buf); err != nil {
					select {
					case errs <- fmt.Errorf("%s: %w", p, err):
					default:
					}
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths <- p
		}
		return err
	})
	close(paths)
	wg.Wait()
	select {
	case sendErr := <-errs:
		return errors.Join(err, sendErr)
	default:
		return err
	}
}

func floorSend(ctx context.Context, hc *http.Client, addr, path string, buf []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, buf)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+addr+"/"+hex.EncodeToString(h.Sum(nil)), f)
	if err != nil {
		return err
	}
	req.ContentLength = n
	res, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		return errors.New(res.Status)
	}
	return nil
}
