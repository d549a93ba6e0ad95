package transfer

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"time"

	"photos/internal/batch"
	"photos/internal/photo"
)

// Verifier is what Verify needs of the photo service. *client.Client implements it.
type Verifier interface {
	Verify(ctx context.Context, ids []photo.ID, how photo.Scrutiny) ([]photo.Status, error)
}

// Proof is the result for one local file: that the service has its bytes, or why that is not
// proven.
type Proof struct {
	Path   string
	Index  int         // of the item
	ID     photo.ID    // zero when the file was not read to the end
	State  photo.State // empty when the service was not asked
	Reason string      // why the service cannot store the file
	Err    error       // why the file could not be read
}

// Stored reports whether the service is proven to have the file.
func (p Proof) Stored() bool { return p.Err == nil && p.State == photo.Stored }

// verifyBatch is how many digests Verify asks about with one request. The service looks at
// every blob, and with few of them it answers soon.
const verifyBatch = 500

// How long a file that was read may wait for others that go into the same request.
const (
	verifyIdle = 50 * time.Millisecond
	verifyAge  = 500 * time.Millisecond
)

// Verify reads all bytes of every file, asks the service whether it has them, and calls each
// with one proof per item, from one goroutine. The error says what ended it early. Nothing
// is then proven about the items that each was not called with.
func Verify(ctx context.Context, svc Verifier, items iter.Seq[Item], how photo.Scrutiny, each func(Proof)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for read := range batch.Of(readAll(ctx, items), batch.Limits{Size: verifyBatch, Idle: verifyIdle, Age: verifyAge}) {
		var whole []Proof
		for _, p := range read {
			if p.ID.IsZero() {
				each(p)
				continue
			}
			whole = append(whole, p)
		}
		if err := ctx.Err(); err != nil {
			return stopError(err)
		}
		if err := prove(ctx, svc, whole, how, each); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return stopError(err)
	}
	return nil
}

// readAll digests items, several at the same time.
func readAll(ctx context.Context, items iter.Seq[Item]) <-chan Proof {
	todo, read := make(chan Item), make(chan Proof)
	go func() {
		defer close(todo)
		for item := range items {
			select {
			case todo <- item:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for item := range todo {
				p := readItem(ctx, item)
				if ctx.Err() != nil {
					return // a file that was read in part has no proof
				}
				select {
				case read <- p:
				case <-ctx.Done():
				}
			}
		})
	}
	go func() { wg.Wait(); close(read) }()
	return read
}

func readItem(ctx context.Context, item Item) Proof {
	defer item.release()
	p := Proof{Path: item.Path, Index: item.Index}
	f, err := file{}, item.Err
	if err == nil {
		f, err = item.read(ctx)
	}
	var s *skip
	switch {
	case errors.As(err, &s):
		p.Reason = s.reason
	case err != nil:
		p.Err = err
	default:
		p.ID = f.id
	}
	return p
}

// prove asks the service about files that were read.
func prove(ctx context.Context, svc Verifier, batch []Proof, how photo.Scrutiny, each func(Proof)) error {
	if len(batch) == 0 {
		return nil
	}
	ids := make([]photo.ID, len(batch))
	for i, p := range batch {
		ids[i] = p.ID
	}
	statuses, err := svc.Verify(ctx, ids, how)
	if err != nil {
		return err
	}
	for i, p := range batch {
		p.State = statuses[i].State
		each(p)
	}
	return nil
}
