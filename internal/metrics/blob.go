package metrics

import (
	"context"
	"errors"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
)

// Blobs returns a blob store that counts and times the calls of s.
func (m *Metrics) Blobs(s blob.Store) blob.Store { return timedStore{s, m} }

// Staging returns a staging that counts and times the calls of s.
func (m *Metrics) Staging(s blob.Staging) blob.Staging { return timedStaging{s, m} }

// blobCall notes a call of the blob store that began at start. That there is no such blob,
// or that another request has the upload, is an answer and no error.
func (m *Metrics) blobCall(call string, start time.Time, err error) {
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrBusy) || errors.Is(err, context.Canceled) {
		err = nil
	}
	m.blobs.WithLabelValues(call, outcome(err)).Observe(time.Since(start).Seconds())
}

type timedStore struct {
	blob.Store
	m *Metrics
}

// Open implements blob.Store.
func (s timedStore) Open(ctx context.Context, owner, key string) (r blob.Reader, err error) {
	defer func(start time.Time) { s.m.blobCall("open", start, err) }(time.Now())
	return s.Store.Open(ctx, owner, key)
}

// Size implements blob.Store.
func (s timedStore) Size(ctx context.Context, owner, key string) (size int64, err error) {
	defer func(start time.Time) { s.m.blobCall("size", start, err) }(time.Now())
	return s.Store.Size(ctx, owner, key)
}

// Delete implements blob.Store.
func (s timedStore) Delete(ctx context.Context, owner, key string) (err error) {
	defer func(start time.Time) { s.m.blobCall("delete", start, err) }(time.Now())
	return s.Store.Delete(ctx, owner, key)
}

type timedStaging struct {
	blob.Staging
	m *Metrics
}

// Create implements blob.Staging.
func (s timedStaging) Create(ctx context.Context, owner, name string) (staged blob.Staged, err error) {
	defer func(start time.Time) { s.m.blobCall("create", start, err) }(time.Now())
	return s.timed(s.Staging.Create(ctx, owner, name))
}

// Whole implements blob.Staging.
func (s timedStaging) Whole(ctx context.Context, owner string, length int64, digest photo.ID) (staged blob.Staged, err error) {
	defer func(start time.Time) { s.m.blobCall("create", start, err) }(time.Now())
	return s.timed(s.Staging.Whole(ctx, owner, length, digest))
}

// Resume implements blob.Staging.
func (s timedStaging) Resume(ctx context.Context, owner, name string, state []byte) (staged blob.Staged, err error) {
	defer func(start time.Time) { s.m.blobCall("resume", start, err) }(time.Now())
	return s.timed(s.Staging.Resume(ctx, owner, name, state))
}

// Discard implements blob.Staging.
func (s timedStaging) Discard(ctx context.Context, name string) (err error) {
	defer func(start time.Time) { s.m.blobCall("discard", start, err) }(time.Now())
	return s.Staging.Discard(ctx, name)
}

func (s timedStaging) timed(staged blob.Staged, err error) (blob.Staged, error) {
	if err != nil {
		return nil, err
	}
	return timedStaged{staged, s.m}, nil
}

type timedStaged struct {
	blob.Staged
	m *Metrics
}

// Sync implements blob.Staged.
func (s timedStaged) Sync() (err error) {
	defer func(start time.Time) { s.m.blobCall("sync", start, err) }(time.Now())
	return s.Staged.Sync()
}

// Commit implements blob.Staged.
func (s timedStaged) Commit(ctx context.Context, keep bool) (key string, err error) {
	defer func(start time.Time) { s.m.blobCall("commit", start, err) }(time.Now())
	return s.Staged.Commit(ctx, keep)
}
