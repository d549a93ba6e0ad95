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

// Upload is one photo to send.
type Upload struct {
	Meta api.UploadMetadata // with the digest
	Body io.ReaderAt        // each attempt reads it again, from any offset
	Size int64              // bytes

	// ID and Offset resume an unfinished upload that a check reported.
	ID     string
	Offset int64

	// Stored says that the service has the photo. The bytes are sent only if it asks for
	// them.
	Stored bool

	// Sent is called with the number of bytes that went to the network. The number is
	// negative when bytes must be sent again. Sent may be nil.
	Sent func(n int64)
}

// Uploaded is the result of an Upload.
type Uploaded struct {
	ID              photo.ID
	Outcome         photo.Outcome
	DescriptionKept bool
	Attempts        int // requests that carried bytes
}

// Upload sends a photo (tus 1.0) and returns when the service holds it durably.
func (c *Client) Upload(ctx context.Context, u Upload) (Uploaded, error) {
	t := &uploadState{ctx: ctx, c: c, u: u, giveUp: time.Now().Add(c.outage.wait)}
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

// uploadState is the state of one call of Upload.
type uploadState struct {
	ctx      context.Context // that of the call, for the reader of the body
	c        *Client
	u        Upload
	location string
	offset   int64 // bytes the service is known to hold
	finished bool
	restarts int // how often the service did not know the upload any more
	giveUp   time.Time
	done     Uploaded

	mu       sync.Mutex  // a request that failed may still read while the next one starts
	reported int64       // the sum of what Sent was called with
	current  *sentReader // the attempt whose bytes count
}

// work returns how long the service may process the upload. It may have to read all bytes
// again, at 8 MiB per second on a slow disk.
func (t *uploadState) work() time.Duration {
	return 30*time.Second + time.Duration(t.u.Size>>23)*time.Second
}

func (t *uploadState) header() http.Header {
	h := http.Header{}
	h.Set(api.HeaderTusResumable, api.TusVersion)
	h.Set(api.HeaderWriter, t.c.writer)
	return h
}

// create creates the upload. The bytes of a small photo are part of the request.
func (t *uploadState) create(ctx context.Context) error {
	for {
		n := int64(0)
		if t.u.Size <= t.c.pieceOf(photo.MaxWhole) && !t.u.Stored {
			n = t.u.Size
		}
		if err := t.createWith(ctx, n); n == 0 || !isTooLong(err) || !t.c.shrinkPiece(n) {
			return err
		}
	}
}

// createWith creates the upload and sends n bytes with it: all of them, or none.
func (t *uploadState) createWith(ctx context.Context, n int64) error {
	k := request{method: http.MethodPost, url: t.c.url(api.PathUploads, nil), header: t.header(), work: t.work()}
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

// locate takes the upload's address from the answer. The address must have the origin of the
// service.
func (t *uploadState) locate(res *http.Response) error {
	loc, err := res.Location()
	if err != nil {
		return &photo.Error{Kind: photo.KindProtocol, Msg: "the service created an upload without an address", Err: err}
	}
	if loc.Scheme != t.c.base.Scheme || loc.Host != t.c.base.Host {
		return &photo.Error{Kind: photo.KindProtocol, Msg: "the service wants the upload sent to " + loc.Host, Hint: "uploads go to " + t.c.base.Host + " only"}
	}
	t.location = loc.String()
	return nil
}

// appendRest appends everything from the offset on, or as much of it as one request may
// carry. When the request fails, it asks the service for the new offset.
func (t *uploadState) appendRest(ctx context.Context) error {
	k := request{method: http.MethodPatch, url: t.location, header: t.header(), work: t.work(), noRetry: true}
	k.header.Set("Content-Type", api.OffsetContentType)
	k.header.Set(api.HeaderUploadOffset, strconv.FormatInt(t.offset, 10))
	k.header.Set(api.HeaderUploadMetadata, t.u.Meta.String()) // the upload may have been created with another description
	k.size = t.c.pieceOf(t.u.Size - t.offset)
	k.body = t.from(t.offset, k.size)
	res, _, err := t.c.do(ctx, k)
	t.done.Attempts++
	if err == nil {
		defer res.Body.Close()
		t.c.pieceAccepted(k.size)
		return t.progress(ctx, res, &photo.Error{Kind: photo.KindProtocol, Msg: "the service accepts the bytes and stores none"})
	}
	switch kind := photo.KindOf(err); {
	case isTooLong(err) && t.c.shrinkPiece(k.size):
		t.report(t.offset)
		return nil
	case kind == photo.KindNotFound:
		return t.startOver(ctx, err)
	case kind == photo.KindConflict, t.c.retryable(err):
		return t.resume(ctx, err)
	}
	return err
}

// resume asks for the offset after the failure cause.
func (t *uploadState) resume(ctx context.Context, cause error) error {
	res, _, err := t.c.do(ctx, request{method: http.MethodHead, url: t.location, header: t.header(), work: t.work()})
	if photo.KindOf(err) == photo.KindNotFound {
		return t.startOver(ctx, cause)
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := t.progress(ctx, res, cause); err != nil || t.done.Outcome != photo.OutcomeExists {
		return err
	}
	// Another client has stored the photo. What this one says of it is sent without the bytes.
	t.finished, t.u.Stored = false, true
	return t.create(ctx)
}

// progress reads the offset from an answer. If it has not grown for longer than the patience
// of the client, progress returns the failure cause.
func (t *uploadState) progress(ctx context.Context, res *http.Response, cause error) error {
	before := t.offset
	if err := t.advance(res); err != nil {
		return err
	}
	if t.finished || t.offset > before {
		t.giveUp = time.Now().Add(t.c.outage.wait)
		return nil
	}
	if time.Now().After(t.giveUp) {
		return cause
	}
	return pause(ctx, time.Second)
}

// startOver creates the upload again, because the service does not know it any more: it has
// expired, or a request whose answer was lost has finished it.
func (t *uploadState) startOver(ctx context.Context, cause error) error {
	const most = 3
	if t.restarts++; t.restarts > most {
		return cause
	}
	t.offset = 0
	t.report(0)
	return t.create(ctx)
}

// advance reads the offset from an answer and, if the upload is complete, the outcome.
func (t *uploadState) advance(res *http.Response) error {
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

// from returns a function that makes the body of an attempt: n bytes from offset on.
func (t *uploadState) from(offset, n int64) func() io.Reader {
	return func() io.Reader {
		t.report(offset)
		r := &sentReader{t.c.limited(t.ctx, io.NewSectionReader(t.u.Body, offset, n)), t}
		t.mu.Lock()
		t.current = r
		t.mu.Unlock()
		return r
	}
}

// report calls Sent so that the sum becomes total. From now on no earlier attempt counts.
func (t *uploadState) report(total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = nil
	t.add(total - t.reported)
}

// add calls Sent. The caller holds the lock.
func (t *uploadState) add(n int64) {
	t.reported += n
	if n != 0 && t.u.Sent != nil {
		t.u.Sent(n)
	}
}

// sentReader counts the bytes of one attempt.
type sentReader struct {
	io.Reader
	t *uploadState
}

func (r *sentReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
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
