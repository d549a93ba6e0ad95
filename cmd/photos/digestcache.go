package main

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/adrg/xdg"

	"photos/internal/statcache"
)

// digestCache remembers the digests of files. It only saves time, so errors are printed
// with --verbose only.
type digestCache struct {
	*statcache.Cache
	added  *atomic.Int64
	detail func(format string, args ...any)
}

// flushEvery is how many digests a run that is killed can lose.
const flushEvery = 4096

// flushLimit is how long a flush waits for another process.
const flushLimit = 5 * time.Second

// openDigestCache reads what earlier runs of this user have added.
func openDigestCache(e *env) digestCache {
	path := filepath.Join(xdg.CacheHome, "photos", "digests")
	c, err := statcache.Open(path)
	if err != nil {
		e.Detail("%v", err)
		c = statcache.Empty(path)
	}
	return digestCache{c, new(atomic.Int64), e.Detail}
}

// Add remembers one digest. Now and then it also writes to the file.
func (d digestCache) Add(path string, now statcache.State, read time.Time, entry statcache.Entry) {
	d.Cache.Add(path, now, read, entry)
	if d.added.Add(1)%flushEvery == 0 {
		d.flush()
	}
}

// flush writes what was added, also when the run was interrupted.
func (d digestCache) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	if err := d.Flush(ctx); err != nil {
		d.detail("%v", err)
	}
}
