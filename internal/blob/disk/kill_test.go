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

// victim names, for the process that is to be killed, the folder it works in.
const victim = "PHOTOS_KILL_TEST"

// A process that stores photos is killed again and again, in the midst of it.
// What it acknowledged is there and whole, and so is everything that shows.
// (That syncs reach the disk takes a power cut to show.)
func TestKilled(t *testing.T) {
	if dir := os.Getenv(victim); dir != "" {
		storeForEver(t, dir)
		return
	}
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	moments := rand.New(rand.NewPCG(1, 2)) // of the kills, in photos: the same in every run
	acknowledged := map[photo.ID]bool{}
	for range rounds {
		for _, id := range killAfter(t, dir, 1+moments.IntN(60)) {
			acknowledged[id] = true
		}
	}
	lookAround(t, dir, acknowledged)
}

// killAfter starts a process that stores photos, kills it when it has acknowledged
// n of them, and returns all that it did acknowledge.
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
		if err != nil { // the end; a line cut short was not acknowledged
			break
		}
		id, err := photo.ParseID(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("the process says %q", line)
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

// storeForEver acknowledges each photo by a line with its ID.
func storeForEver(t *testing.T, dir string) {
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

// lookAround opens what the dead have left.
func lookAround(t *testing.T, dir string, acknowledged map[photo.ID]bool) {
	t.Helper()
	blobs, db, owner := openBoth(t, dir)
	seen, cursor := 0, ""
	for {
		page, err := db.List(t.Context(), owner, photo.Filter{}, cursor, 100)
		must(t, err)
		for _, p := range page.Photos {
			seen++
			delete(acknowledged, p.ID)
			whole(t, blobs, db, owner, p)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for id := range acknowledged {
		t.Errorf("%s was acknowledged and is not there", id.Short())
	}
	usage, err := db.Usage(t.Context(), owner)
	must(t, err)
	if usage.Photos != int64(seen) || usage.Bytes != int64(seen)*20_000 {
		t.Errorf("usage says %+v of %d photos", usage, seen)
	}
	orphans := 0
	must(t, blobs.EachBlob(t.Context(), func(owner, key string, _ time.Time) error {
		has, err := db.HasBlob(t.Context(), owner, key)
		if !has {
			orphans++
		}
		return err
	}))
	t.Logf("%d photos; %d blobs had no row yet", seen, orphans)
}

// whole reads a photo's bytes again.
func whole(t *testing.T, blobs *disk.Store, db *sqldb.DB, owner string, p photo.Photo) {
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
		t.Errorf("%s is not whole: %d of %d bytes", p.ID.Short(), n, p.Size)
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
