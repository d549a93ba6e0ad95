package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

const (
	auditPage    = 500 // rows or blobs that one query is about
	auditWorkers = 16  // blobs whose size is asked at the same time

	// auditRecent is the age below which a blob may still get its row.
	auditRecent = 15 * time.Minute
)

// AuditRows is what an Audit needs of the metadata store.
type AuditRows interface {
	Stored(ctx context.Context, after int64, limit int) ([]store.Stored, error)
	NamedBlobs(ctx context.Context, blobs []store.Blob) (map[store.Blob]bool, error)
	SetDamaged(ctx context.Context, owner string, id photo.ID, key string, damaged bool) error
}

// An Audit compares all rows with all stored bytes, while the service may be running. It
// deletes nothing.
type Audit struct {
	Rows  AuditRows
	Blobs blob.Store
	// Mark says that photos whose bytes are not there should be marked as damaged, so that
	// users learn of it and the next upload repairs them.
	Mark bool
}

// Problem says what is wrong with a row or with stored bytes.
type Problem string

// The problems that an Audit finds.
const (
	ProblemMissing Problem = "missing" // a row has no bytes
	ProblemLength  Problem = "length"  // a row has bytes of another length
	ProblemOrphan  Problem = "orphan"  // bytes have no row
)

// Finding is a problem, and where it is.
type Finding struct {
	Problem    Problem
	Owner, Key string

	// Of a row.
	Photo   photo.ID
	Size    int64 // as it should be
	Found   int64 // as it is, of ProblemLength
	Damaged bool  // the photo is marked as damaged, now or since before

	Committed time.Time // of an orphan
}

// AuditSum counts what an Audit looked at.
type AuditSum struct {
	Photos, Blobs int64
	Problems      map[Problem]int64
	Marked        int64 // photos that are marked as damaged since this audit
	Recent        int64 // bytes without a row that are so young that the row may follow
}

// Run calls note for each finding. An error of note ends it.
func (a *Audit) Run(ctx context.Context, note func(Finding) error) (AuditSum, error) {
	sum := AuditSum{Problems: map[Problem]int64{}}
	count := func(f Finding) error {
		sum.Problems[f.Problem]++
		return note(f)
	}
	if err := a.rows(ctx, &sum, count); err != nil {
		return sum, err
	}
	err := a.blobs(ctx, &sum, count)
	return sum, err
}

// rows looks for the bytes of each row.
func (a *Audit) rows(ctx context.Context, sum *AuditSum, note func(Finding) error) error {
	for after := int64(0); ; {
		page, err := a.Rows.Stored(ctx, after, auditPage)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Number
		sum.Photos += int64(len(page))
		findings, err := a.examine(ctx, page)
		if err != nil {
			return err
		}
		for _, f := range findings {
			if a.Mark && !f.Damaged {
				if err := a.Rows.SetDamaged(ctx, f.Owner, f.Photo, f.Key, true); err != nil {
					return err
				}
				f.Damaged = true
				sum.Marked++
			}
			if err := note(f); err != nil {
				return err
			}
		}
	}
}

// examine returns those rows of a page that have no bytes or too few. A photo that was purged,
// or repaired under another key, after the page was read is not among them.
func (a *Audit) examine(ctx context.Context, page []store.Stored) ([]Finding, error) {
	sizes, err := a.sizes(ctx, page)
	if err != nil {
		return nil, err
	}
	var suspects []store.Blob
	for i, p := range page {
		if sizes[i] != p.Size {
			suspects = append(suspects, store.Blob{Owner: p.Owner, Key: p.Key})
		}
	}
	if len(suspects) == 0 {
		return nil, nil
	}
	named, err := a.Rows.NamedBlobs(ctx, suspects)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for i, p := range page {
		if sizes[i] == p.Size || !named[store.Blob{Owner: p.Owner, Key: p.Key}] {
			continue
		}
		f := Finding{Problem: ProblemMissing, Owner: p.Owner, Key: p.Key, Photo: p.ID, Size: p.Size, Damaged: p.Damaged}
		if sizes[i] != missing {
			f.Problem, f.Found = ProblemLength, sizes[i]
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// missing stands for the size of bytes that are not there.
const missing = -1

// sizes returns the size of the bytes of each row.
func (a *Audit) sizes(ctx context.Context, page []store.Stored) ([]int64, error) {
	sizes, problems := make([]int64, len(page)), make([]error, len(page))
	next := make(chan int)
	var workers sync.WaitGroup
	for range auditWorkers {
		workers.Go(func() {
			for i := range next {
				sizes[i], problems[i] = a.Blobs.Size(ctx, page[i].Owner, page[i].Key)
				if errors.Is(problems[i], blob.ErrNotFound) {
					sizes[i], problems[i] = missing, nil
				}
			}
		})
	}
	for i := range page {
		next <- i
	}
	close(next)
	workers.Wait()
	return sizes, errors.Join(problems...)
}

// blobs looks for the row of each blob.
func (a *Audit) blobs(ctx context.Context, sum *AuditSum, note func(Finding) error) error {
	walk := blobWalk{rows: a.Rows, orphan: func(f Finding) error {
		if time.Since(f.Committed) < auditRecent {
			sum.Recent++
			return nil
		}
		return note(f)
	}}
	err := a.Blobs.EachBlob(ctx, func(owner, key string, committed time.Time) error {
		sum.Blobs++
		return walk.add(ctx, Finding{Problem: ProblemOrphan, Owner: owner, Key: key, Committed: committed})
	})
	if err != nil {
		return err
	}
	return walk.flush(ctx)
}

// blobWalk asks for the rows of many blobs at a time, and passes on the blobs that have none.
type blobWalk struct {
	rows interface {
		NamedBlobs(ctx context.Context, blobs []store.Blob) (map[store.Blob]bool, error)
	}
	orphan func(Finding) error

	batch []Finding
}

// add adds a blob.
func (w *blobWalk) add(ctx context.Context, f Finding) error {
	w.batch = append(w.batch, f)
	if len(w.batch) < auditPage {
		return nil
	}
	return w.flush(ctx)
}

// flush asks for the rows of the blobs so far.
func (w *blobWalk) flush(ctx context.Context) error {
	batch := w.batch
	w.batch = nil
	if len(batch) == 0 {
		return nil
	}
	blobs := make([]store.Blob, len(batch))
	for i, f := range batch {
		blobs[i] = store.Blob{Owner: f.Owner, Key: f.Key}
	}
	named, err := w.rows.NamedBlobs(ctx, blobs)
	if err != nil {
		return err
	}
	for i, f := range batch {
		if named[blobs[i]] {
			continue
		}
		if err := w.orphan(f); err != nil {
			return err
		}
	}
	return nil
}
