package service

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/store"
	"photos/internal/thumb"
)

const (
	workLease    = 10 * time.Minute // longer than the work on any photo takes
	workPoll     = 30 * time.Second // how often an idle process looks for work of others
	workAttempts = 4                // after so many claims that nobody ended, a photo is given up: it may have killed its processes
	retryAfter   = time.Minute      // when a store failed
	outdatedStep = 1000             // photos that one query looks at
	outdatedWait = time.Hour        // between two searches for outdated photos

	// share is how much longer than its work a worker pauses while uploads are in progress.
	share = 40
)

// Background works on photos after their upload: it makes renditions, and reads metadata
// again that an older reader has recorded. The queue is in the metadata store, so it
// survives restarts, and several processes share the work.
//
// Uploads come first. While any is in progress in this process, one worker goes on, for a
// fortieth of the time.
type Background struct {
	rows       store.Background
	blobs      blob.Store
	inspect    Inspector
	renditions *renditions
	uploads    *activity
	workers    int
	log        *slog.Logger
}

func newBackground(c Config, r *renditions, uploads *activity) *Background {
	return &Background{
		rows: c.Store, blobs: c.Blobs, inspect: c.Inspect, renditions: r, uploads: uploads, workers: c.Limits.Decoders, log: c.Log,
	}
}

// Run works until ctx ends.
func (b *Background) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { b.queueOutdated(ctx) })
	for i := range b.workers {
		all.Go(func() { b.work(ctx, i == 0) })
	}
	all.Wait()
}

// queueOutdated finds photos that an older version looked at.
func (b *Background) queueOutdated(ctx context.Context) {
	v := store.Versions{Reader: metadata.Version, Maker: thumb.Version}
	if b.renditions.maker == nil {
		v.Maker = 0
	} else {
		v.Decoders = b.renditions.maker.Decoders()
	}
	for ctx.Err() == nil {
		b.uploads.wait(ctx, time.Minute)
		more, err := b.rows.QueueOutdated(ctx, v, outdatedStep)
		if err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "look for photos that an older version has looked at", "err", err)
		}
		pause := 100 * time.Millisecond
		if !more || err != nil {
			pause = outdatedWait/2 + rand.N(outdatedWait)
		}
		sleep(ctx, pause)
	}
}

// work does what is in the queue. The steady worker also does some while uploads are in
// progress.
func (b *Background) work(ctx context.Context, steady bool) {
	most := time.Duration(1<<63 - 1)
	if steady {
		most = time.Second
	}
	for ctx.Err() == nil {
		b.uploads.wait(ctx, most)
		uploaded, start := b.uploads.next(), time.Now()
		switch found, err := b.next(ctx); {
		case err != nil && ctx.Err() == nil:
			b.log.ErrorContext(ctx, "background work", "err", err)
			sleep(ctx, retryAfter/2+rand.N(retryAfter))
		case !found:
			select {
			case <-uploaded:
			case <-time.After(workPoll):
			case <-ctx.Done():
			}
		case steady:
			b.uploads.wait(ctx, share*time.Since(start))
		}
	}
}

// next works on one photo. It returns false if there is nothing to do.
func (b *Background) next(ctx context.Context) (found bool, err error) {
	w, found, err := b.rows.ClaimWork(ctx, workLease)
	if !found || err != nil {
		return false, err
	}
	if w.Attempts > workAttempts {
		return true, errors.Join(b.giveUp(ctx, w), b.rows.FinishWork(ctx, w))
	}
	if err := b.do(ctx, w); err != nil {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryAfter)
		defer cancel()
		delay := retryAfter
		if ctx.Err() != nil {
			delay = 0 // this process stops
		}
		return true, errors.Join(err, b.rows.ReleaseWork(after, w, delay))
	}
	return true, b.rows.FinishWork(ctx, w)
}

// giveUp records that there are no renditions of a photo.
func (b *Background) giveUp(ctx context.Context, w store.Work) error {
	b.log.ErrorContext(ctx, "work on a photo never ended, so it is given up", "photo", w.Photo.ID.Short(), "media_type", w.Photo.MediaType, "bytes", w.Photo.Size)
	if w.Maker >= thumb.Version {
		return nil
	}
	return b.renditions.record(ctx, w.Located, store.Rendered{Maker: thumb.Version, Replaces: w.Rendition})
}

// do does what has to be done with a photo. An error means that it has to be tried again.
func (b *Background) do(ctx context.Context, w store.Work) error {
	err := b.reread(ctx, w.Located)
	if err == nil && b.renditions.maker != nil && (w.Maker < thumb.Version || w.NoDecoder) {
		_, err = b.renditions.make(ctx, w.Located)
	}
	switch {
	case errors.Is(err, thumb.ErrUnsupported), errors.Is(err, thumb.ErrRefused), errors.Is(err, errNoBytes), photo.KindOf(err) == photo.KindNotFound:
		return nil
	}
	return err
}

// reread reads the metadata of a photo if an older reader has read it.
func (b *Background) reread(ctx context.Context, l store.Located) error {
	if l.Photo.Reader >= metadata.Version {
		return nil
	}
	r, err := b.renditions.open(ctx, l)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := b.inspect(ctx, r, r.Size())
	if photo.KindOf(err) == photo.KindNotPicture {
		return nil // it was one for the older reader, and stays as it is
	}
	if err != nil {
		return err
	}
	return b.rows.Reread(ctx, l.Owner, photo.Photo{
		ID: l.Photo.ID, Reader: metadata.Version, MediaType: info.MediaType, Width: info.Width, Height: info.Height,
		Camera: info.Camera, Shot: info.Shot, TakenAt: info.TakenAt, Position: info.Position, Description: info.Caption,
	})
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
