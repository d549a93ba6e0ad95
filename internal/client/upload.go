package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// Upload is one photo to be sent.
type Upload struct {
	Meta api.UploadMetadata // with the digest
	Body io.ReaderAt        // read at any offset, as often as retries need
	Size int64              // bytes

	// ID and Offset continue an unfinished upload that a check named.
	ID     string
	Offset int64

	// Stored says that the service has the photo: the bytes are kept back unless it
	// asks for them.
	Stored bool

	// Sent is called with the number of bytes handed to the network, negative
	// when some have to be sent again. It may be nil.
	Sent func(n int64)
}

// Uploaded is what became of an Upload.
type Uploaded struct {
	ID              photo.ID
	Outcome         photo.Outcome
	DescriptionKept bool
	Attempts        int // requests that carried bytes
}

// Upload sends a photo (tus 1.0) and returns when the service holds it durably.
func (c *Client) Upload(ctx context.Context, u Upload) (Uploaded, error) {
	t := &transfer{ctx: ctx, c: c, u: u, giveUp: time.Now().Add(c.patience)}
	if u.ID != "" {
		t.location, t.offset = c.url(api.PathUploads+"/"+url.PathEscape(u.ID), nil), u.Offset
		t.report(u.Offset)
	} else if err := t.create(ctx); err != nil {
		return t.done, err
	}
	for !t.finished {
		if err := t.appendRest(ctx); err != nil {
			return t.done, err
		}
	}
	return t.done, nil
}

// transfer is one Upload under way.
type transfer struct {
	ctx      context.Context //nolint:containedctx // the call's own, for the reader that a request pulls from
	c        *Client
	u        Upload
	location string
	offset   int64 // bytes the service is known to hold
	finished bool
	recreate int // times the upload had vanished at the service
	giveUp   time.Time
	done     Uploaded

	mu       sync.Mutex  // a cut request may still be reading while the next one starts
	reported int64       // sum of what Sent was told
	current  *sentReader // the try whose bytes count
}

// work is how long the service may be at work on the upload: it may have to read all of
// it again, at 8 MiB a second on a slow disk.
func (t *transfer) work() time.Duration {
	return 30*time.Second + time.Duration(t.u.Size>>23)*time.Second
}

func (t *transfer) header() http.Header {
	h := http.Header{}
	h.Set(api.HeaderTusResumable, api.TusVersion)
	h.Set(api.HeaderWriter, t.c.writer)
	return h
}

// create makes the upload; for a small photo the bytes go along and that is all.
func (t *transfer) create(ctx context.Context) error {
	for {
		n := int64(0)
		if t.u.Size <= t.c.pieceOf(photo.MaxWhole) && !t.u.Stored {
			n = t.u.Size
		}
		if err := t.createWith(ctx, n); n == 0 || !isTooLong(err) || !t.c.shrink(n) {
			return err
		}
	}
}

// createWith makes the upload with its first n bytes: all of them, or none.
func (t *transfer) createWith(ctx context.Context, n int64) error {
	k := call{method: http.MethodPost, url: t.c.url(api.PathUploads, nil), header: t.header(), work: t.work()}
	k.header.Set(api.HeaderUploadLength, strconv.FormatInt(t.u.Size, 10))
	k.header.Set(api.HeaderUploadMetadata, t.u.Meta.String())
	if n > 0 {
		k.header.Set("Content-Type", api.OffsetContentType)
		k.body, k.size = t.from(0, n), n
	}
	res, attempts, err := t.c.do(ctx, k)
	if k.body != nil {
		t.done.Attempts += attempts
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	t.c.pieceAccepted(n)
	if err := t.advance(res); err != nil || t.finished {
		return err
	}
	return t.locate(res)
}

// locate takes the upload's address from the answer; it must be of the same origin.
func (t *transfer) locate(res *http.Response) error {
	loc, err := res.Location()
	if err != nil {
		return &photo.Error{Kind: photo.KindProtocol, Msg: "the service began an upload without saying where", Err: err}
	}
	if loc.Scheme != t.c.base.Scheme || loc.Host != t.c.base.Host {
		return &photo.Error{Kind: photo.KindProtocol, Msg: "the service sends the upload elsewhere, to " + loc.Host, Hint: "uploads go to " + t.c.base.Host + " only"}
	}
	t.location = loc.String()
	return nil
}

// appendRest sends everything from the offset on, or as much of it as a request may
// carry. When that is cut, it learns how far it came.
func (t *transfer) appendRest(ctx context.Context) error {
	k := call{method: http.MethodPatch, url: t.location, header: t.header(), work: t.work(), once: true}
	k.header.Set("Content-Type", api.OffsetContentType)
	k.header.Set(api.HeaderUploadOffset, strconv.FormatInt(t.offset, 10))
	k.header.Set(api.HeaderUploadMetadata, t.u.Meta.String()) // it may have been begun with another description
	k.size = t.c.pieceOf(t.u.Size - t.offset)
	k.body = t.from(t.offset, k.size)
	res, _, err := t.c.do(ctx, k)
	t.done.Attempts++
	if err == nil {
		defer res.Body.Close()
		t.c.pieceAccepted(k.size)
		return t.progress(ctx, res, &photo.Error{Kind: photo.KindProtocol, Msg: "the service takes the bytes and keeps none"})
	}
	switch kind := photo.KindOf(err); {
	case isTooLong(err) && t.c.shrink(k.size):
		t.report(t.offset)
		return nil
	case kind == photo.KindNotFound:
		return t.again(ctx, err)
	case kind == photo.KindConflict, passing(err):
		return t.recover(ctx, err)
	}
	return err
}

// recover asks how much the service holds after the failure cause.
func (t *transfer) recover(ctx context.Context, cause error) error {
	res, _, err := t.c.do(ctx, call{method: http.MethodHead, url: t.location, header: t.header(), work: t.work()})
	if photo.KindOf(err) == photo.KindNotFound {
		return t.again(ctx, cause)
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return t.progress(ctx, res, cause)
}

// progress advances by an answer. One that brings no new byte is worth waiting for
// only as long as the client is patient; then it is the failure cause.
func (t *transfer) progress(ctx context.Context, res *http.Response, cause error) error {
	before := t.offset
	if err := t.advance(res); err != nil {
		return err
	}
	if t.finished || t.offset > before {
		t.giveUp = time.Now().Add(t.c.patience)
		return nil
	}
	if time.Now().After(t.giveUp) {
		return cause
	}
	return pause(ctx, time.Second)
}

// again begins anew when the service no longer knows the upload: it was
// finished by a request whose answer was lost, or it expired.
func (t *transfer) again(ctx context.Context, cause error) error {
	const most = 3
	if t.recreate++; t.recreate > most {
		return cause
	}
	t.offset = 0
	t.report(0)
	return t.create(ctx)
}

// advance reads from an answer how much the service holds and, when that is
// all, what became of the photo.
func (t *transfer) advance(res *http.Response) error {
	v := res.Header.Get(api.HeaderUploadOffset)
	if v == "" && res.StatusCode == http.StatusCreated {
		v = "0" // a creation need not say it (tus 1.0, section Creation)
	}
	offset, err := strconv.ParseInt(v, 10, 64)
	if err != nil || offset < 0 || offset > t.u.Size {
		return &photo.Error{Kind: photo.KindProtocol, Msg: fmt.Sprintf("the service names the offset %.40q", v)}
	}
	t.offset = offset
	t.report(offset)
	outcome := res.Header.Get(api.HeaderOutcome)
	if outcome == "" {
		return nil
	}
	id, err := photo.ParseID(res.Header.Get(api.HeaderID))
	if err != nil || (!t.u.Meta.ID.IsZero() && id != t.u.Meta.ID) {
		return &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the service stored other bytes than were sent"}
	}
	t.finished = true
	t.report(t.u.Size)
	t.done.ID, t.done.Outcome = id, photo.Outcome(outcome)
	t.done.DescriptionKept = res.Header.Get(api.HeaderKept) == "true"
	return nil
}

// from returns the body of n bytes that starts at offset, made again for every attempt.
func (t *transfer) from(offset, n int64) func() io.Reader {
	return func() io.Reader {
		t.report(offset)
		r := &sentReader{io.NewSectionReader(t.u.Body, offset, n), t}
		t.mu.Lock()
		t.current = r
		t.mu.Unlock()
		return r
	}
}

// report makes the sum of what Sent was told equal total; no earlier try counts from now on.
func (t *transfer) report(total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = nil
	t.add(total - t.reported)
}

// add tells Sent; the caller holds the lock.
func (t *transfer) add(n int64) {
	t.reported += n
	if n != 0 && t.u.Sent != nil {
		t.u.Sent(n)
	}
}

// sentReader counts the bytes of one try.
type sentReader struct {
	io.Reader
	t *transfer
}

func (r *sentReader) Read(p []byte) (int, error) {
	if limit := r.t.c.limit; limit != nil {
		p = p[:min(len(p), burst/8)]
	}
	n, err := r.Reader.Read(p)
	if limit := r.t.c.limit; limit != nil && n > 0 {
		if waitErr := limit.WaitN(r.t.ctx, n); waitErr != nil {
			return 0, waitErr
		}
	}
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	if r.t.current == r {
		r.t.add(int64(n))
	}
	return n, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return interrupted(ctx)
	case <-time.After(d):
		return nil
	}
}
