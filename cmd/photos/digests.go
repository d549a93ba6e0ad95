package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/adrg/xdg"

	"photos/internal/statcache"
)

// digests is the memory of which files have which digest. It is only ever a
// saving of time: what goes wrong with it is said with --verbose, and forgotten.
type digests struct {
	*statcache.Cache
	e *env
}

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
	return digests{c, e}
}

// flush writes what this run learned, also when the run was interrupted.
func (d digests) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), digestsWait)
	defer cancel()
	if err := d.Flush(ctx); err != nil {
		d.e.verbose("%v", err)
	}
}
