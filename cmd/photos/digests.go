package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/adrg/xdg"

	"photos/internal/statcache"
)

// digests is the memory of which files have which digest. It is only ever a
// saving of time: what goes wrong with it is said with --verbose, and forgotten.
type digests struct {
	*statcache.Cache
	e     *env
	added *atomic.Int64
}

// flushEvery is how many digests a run that is killed may forget.
const flushEvery = 4096

// digestsWait is how long another process may keep the memory from being written.
const digestsWait = 5 * time.Second

// openDigests reads what earlier runs of this user remembered.
func openDigests(e *env) digests {
	path := filepath.Join(xdg.CacheHome, "photos", "digests")
	c, err := statcache.Open(path)
	if err != nil {
		e.verbose("%v", err)
		c = statcache.Empty(path)
	}
	return digests{c, e, new(atomic.Int64)}
}

// Add remembers one, and writes them from time to time.
func (d digests) Add(path string, info fs.FileInfo, read time.Time, entry statcache.Entry) {
	d.Cache.Add(path, info, read, entry)
	if d.added.Add(1)%flushEvery == 0 {
		d.flush()
	}
}

// flush writes what this run learned, also when the run was interrupted.
func (d digests) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), digestsWait)
	defer cancel()
	if err := d.Flush(ctx); err != nil {
		d.e.verbose("%v", err)
	}
}
