package disk_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"photos/internal/blob/disk"
	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/store/sqldb"
)

// victim is the variable that tells the process that will be killed which folder to use.
const victim = "PHOTOS_KILL_TEST"

// A process that stores photos is killed many times while it works. Every photo that it
// acknowledged is stored and complete, and so is every photo in a list. Only a power cut
// could show that syncs reach the disk.
func TestKilled(t *testing.T) {
	if dir := os.Getenv(victim); dir != "" {
		storeUntilKilled(t, dir)
		return
	}
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	moments := rand.New(rand.NewPCG(1, 2)) // after how many photos to kill; the same in every run
	acknowledged := map[photo.ID]bool{}
	for range rounds {
		for _, id := range killAfter(t, dir, 1+moments.IntN(60)) {
			acknowledged[id] = true
		}
	}
	checkRemains(t, dir, acknowledged)
}

// killAfter starts a process that stores photos, and kills it when it has acknowledged n of
// them. It returns all that the process acknowledged.
func killAfter(t *testing.T, dir string, n int) []photo.ID {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), victim+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var ids []photo.ID
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the end; an incomplete line acknowledges nothing
			break
		}
		id, err := photo.ParseID(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("the process printed %q", line)
		}
		if ids = append(ids, id); len(ids) == n {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || len(ids) < n {
		t.Fatalf("the process ended by itself after %d photos: %v", len(ids), err)
	}
	return ids
}

// storeUntilKilled stores photos, and prints the ID of each one that is stored.
func storeUntilKilled(t *testing.T, dir string) {
	blobs, db, owner := openBoth(t, dir)
	var said sync.Mutex
	var next atomic.Uint64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			data := noise(20_000)
			for {
				n := uint64(os.Getpid())<<32 + next.Add(1)
				binary.BigEndian.PutUint64(data, n)
				if err := keep(t.Context(), blobs, db, owner, fmt.Sprint(n), data); err != nil {
					fmt.Println(err)
					return
				}
				said.Lock()
				fmt.Println(photo.ID(sha256.Sum256(data)))
				said.Unlock()
			}
		})
	}
	wg.Wait()
}

// checkRemains checks what the killed processes have stored.
func checkRemains(t *testing.T, dir string, acknowledged map[photo.ID]bool) {
	t.Helper()
	blobs, db, owner := openBoth(t, dir)
	seen, cursor := 0, ""
	for {
		page, err := db.List(t.Context(), owner, photo.Filter{}, cursor, 100)
		must(t, err)
		for _, p := range page.Photos {
			seen++
			delete(acknowledged, p.ID)
			checkWhole(t, blobs, db, owner, p)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for id := range acknowledged {
		t.Errorf("%s was acknowledged and is not stored", id.Short())
	}
	usage, err := db.Usage(t.Context(), owner)
	must(t, err)
	if usage.Photos != int64(seen) || usage.Bytes != int64(seen)*20_000 {
		t.Errorf("usage says %+v of %d photos", usage, seen)
	}
	orphans := 0
	must(t, blobs.EachBlob(t.Context(), func(owner, key string, _ time.Time) error {
		b := store.Blob{Owner: owner, Key: key}
		named, err := db.NamedBlobs(t.Context(), []store.Blob{b})
		if !named[b] {
			orphans++
		}
		return err
	}))
	t.Logf("%d photos; %d blobs have no row", seen, orphans)
}

// checkWhole reads the bytes of a photo and compares their digest.
func checkWhole(t *testing.T, blobs *disk.Store, db *sqldb.DB, owner string, p photo.Photo) {
	t.Helper()
	_, key, err := db.Get(t.Context(), owner, p.ID, store.Live)
	must(t, err)
	r, err := blobs.Open(t.Context(), owner, key)
	if err != nil {
		t.Errorf("%s: %v", p.ID.Short(), err)
		return
	}
	h := sha256.New()
	n, err := io.Copy(h, r)
	must(t, errors.Join(err, r.Close()))
	if n != p.Size || photo.ID(h.Sum(nil)) != p.ID {
		t.Errorf("%s is not complete: %d of %d bytes", p.ID.Short(), n, p.Size)
	}
}

func openBoth(t testing.TB, dir string) (*disk.Store, *sqldb.DB, string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "photos.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	owner, err := db.Owner(t.Context(), "pool", "alice")
	must(t, err)
	return openDisk(t, dir), db, owner
}
