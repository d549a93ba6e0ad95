package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/transfer"
	"photos/internal/watch"
)

// watchOptions are the flags of upload --watch.
type watchOptions struct {
	watch  bool
	rescan time.Duration

	given func(flag string) bool
}

const (
	defaultRescan = time.Minute
	settleTime    = 2 * time.Second        // a file is complete when it has not changed for so long
	eventPause    = 300 * time.Millisecond // after an event, because more follow
	retryPause    = 15 * time.Second       // before a service that is away is tried again
)

func (o *watchOptions) flags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.BoolVar(&o.watch, "watch", false, "go on, and upload files as they are added to the folders")
	f.DurationVar(&o.rescan, "rescan", defaultRescan, "with --watch: also look for new files after each `duration`")
}

// checkWatch refuses options that cannot be combined with --watch, or need it.
func (o *uploadOptions) checkWatch(args []string) error {
	switch {
	case !o.watching.watch && o.watching.given("rescan"):
		return badUsage("--rescan needs --watch", "")
	case !o.watching.watch:
		return nil
	case o.watching.rescan < time.Second:
		return badUsage("--rescan must be at least 1s", "")
	case len(args) == 0 || slices.Contains(args, "-"):
		return badUsage("--watch needs folders", "give a folder as PATH")
	case o.dryRun:
		return exclude("--watch", "--dry-run")
	case o.keepOrder:
		return exclude("--watch", "--keep-order")
	}
	for _, path := range args {
		info, err := os.Stat(path)
		switch {
		case os.IsNotExist(err):
			return about(path, &photo.Error{Kind: photo.KindNotFound, Msg: "no such folder"})
		case err != nil:
			return about(path, fileError(path, err))
		case !info.IsDir():
			return badUsage("--watch needs folders, and "+quote(path)+" is not one", "")
		}
	}
	return nil
}

// watched is what is known about a file in a folder that is watched.
type watched struct {
	size     int64
	modified time.Time
	since    time.Time // when it was first seen like this
	done     bool      // it was uploaded like this, or cannot be
	failure  string    // why the scan could not read it; it has nothing else then
}

// folderWatch looks for files that are complete and were not uploaded yet.
type folderWatch struct {
	*uploadRun
	paths  []string
	events *watch.Watcher // nil: there are none
	files  map[string]watched
	noted  map[string]bool // folders about which the user was told
}

// watchFolders uploads files as they come, until ctx ends.
func (u *uploadRun) watchFolders(ctx context.Context, paths []string) error {
	w := &folderWatch{uploadRun: u, paths: paths, files: map[string]watched{}, noted: map[string]bool{}}
	u.rep.tally.atOnce = true
	if events, err := watch.New(); err != nil {
		w.warnEvents("", err)
	} else {
		w.events = events
		defer func() { _ = events.Close() }()
	}
	if !u.e.set.Quiet {
		u.e.Say("photos: watching %s; Ctrl-C ends it", strings.Join(paths, ", "))
	}
	var sum transfer.Summary
	var err error
	read := u.e.Out.WithReader(ctx) // nothing is uploaded any more when nobody reads the results
	for read.Err() == nil && err == nil {
		var pause time.Duration
		if pause, err = w.round(ctx, &sum); err == nil {
			w.wait(read, pause)
		}
	}
	if err == nil && ctx.Err() == nil {
		err = context.Cause(read)
	}
	u.rep.flush()
	return u.end(ctx, sum, err)
}

// round uploads what is ready, and returns when something may be ready again unless an event says so
// earlier.
func (w *folderWatch) round(ctx context.Context, sum *transfer.Summary) (pause time.Duration, err error) {
	ready, settling := w.look(w.e.now())
	pause = w.watching.rescan
	if settling {
		pause = settleTime
	}
	if len(ready) > 0 {
		err := w.upload(ctx, ready, sum)
		switch kind := photo.KindOf(err); {
		case ctx.Err() != nil && sum.Outcomes[photo.OutcomePending] == 0:
			return 0, nil // that is how it ends
		case err != nil && ctx.Err() == nil && (kind == photo.KindUnavailable || kind == photo.KindStorageFull):
			pause = min(retryPause, w.watching.rescan)
			w.e.Warn("%s; trying again in %s", err, pause)
		case err != nil:
			return 0, err
		}
	}
	return pause, w.rep.printed
}

// upload uploads items that are ready. Those that were not reached are tried again.
func (w *folderWatch) upload(ctx context.Context, ready []transfer.Item, sum *transfer.Summary) error {
	_, err := w.transfer(ctx, slices.Values(ready), sidecar.New(w.sources, w.paths...), func(r transfer.Record) {
		if r.Outcome == photo.OutcomePending && ctx.Err() == nil || isPassing(r) {
			return
		}
		f := w.files[r.Path]
		f.done = true
		w.files[r.Path] = f
		sum.Add(r)
		w.rep.record(r)
	})
	if w.tidier != nil {
		w.tidier.removeSidecars(ctx)
	}
	return err
}

// isPassing reports whether a file has changed or gone since it was looked at. The next look decides.
func isPassing(r transfer.Record) bool {
	if _, stored := errors.AsType[*storedError](r.Err); stored || r.Outcome != photo.OutcomeFailed {
		return false
	}
	kind := photo.KindOf(r.Err)
	return kind == photo.KindChanged || kind == photo.KindNotFound
}

// look scans the folders and returns the files that are complete and not done yet. settling says that
// there are files which may still be written.
func (w *folderWatch) look(now time.Time) (ready []transfer.Item, settling bool) {
	seen := map[string]watched{}
	for item := range w.scanned(w.e, w.paths, w.options()) {
		f := w.examine(item, now)
		seen[item.Path] = f
		switch {
		case f.done:
		case f.failure != "" || now.Sub(f.since) >= settleTime:
			ready = append(ready, item)
		default:
			settling = true
		}
	}
	w.files = seen
	return ready, settling
}

// examine compares a file with what it was when it was last seen.
func (w *folderWatch) examine(item transfer.Item, now time.Time) watched {
	f := watched{since: now}
	if item.Err != nil {
		f.failure = item.Err.Error()
	} else if info, err := os.Stat(item.Path); err == nil {
		f.size, f.modified = info.Size(), info.ModTime()
	}
	before, known := w.files[item.Path]
	if known && before.size == f.size && before.modified.Equal(f.modified) && before.failure == f.failure {
		return before
	}
	return f
}

// options returns the options of a scan that watches every folder which it enters. Archives are named, and
// folders are watched, so it opens none.
func (w *folderWatch) options() transfer.ScanOptions {
	o := w.scanOptions(context.Background(), w.e, nil)
	o.Unmatched = nil
	o.Note = func(path, why string) { w.tellOnce(path, fmt.Sprintf("photos: %s not entered: %s", path, why)) }
	o.LeftOut = nil
	o.Skip = func(path string) bool { return isUnfinished(filepath.Base(path)) }
	o.Entered = func(path string) {
		if w.events == nil {
			return
		}
		if err := w.events.Add(path); err != nil {
			w.warnEvents("in some folders ", err)
		}
	}
	return o
}

// warnEvents says once that changes are found by looking only, and how that can be mended.
func (w *folderWatch) warnEvents(where string, err error) {
	if w.noted[""] {
		return
	}
	w.noted[""] = true
	limit := watch.Limit(err)
	if limit == "" {
		w.e.Warn("changes %sare found every %s only: %s", where, w.watching.rescan, err)
		return
	}
	w.e.Warn("changes %sare found every %s only: the limit of %s is reached", where, w.watching.rescan, limit)
	w.e.Hint("sudo sysctl %s=524288 raises it until the next start of the machine", limit)
}

// tellOnce says something about a folder, once.
func (w *folderWatch) tellOnce(path, what string) {
	if !w.noted[path] {
		w.noted[path] = true
		w.e.Say("%s", what)
	}
}

// isUnfinished reports whether programs give a file such a name while they write it.
func isUnfinished(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return true
	}
	return slices.Contains([]string{".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".tmp", ".temp"}, strings.ToLower(filepath.Ext(name)))
}

// wait waits for an event, or until the pause or ctx is over.
func (w *folderWatch) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	var changed <-chan struct{}
	if w.events != nil && pause == w.watching.rescan {
		changed = w.events.Changed()
	}
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case <-changed:
	}
	select {
	case <-ctx.Done():
	case <-time.After(eventPause):
	}
}
