package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
)

// request is one HTTP request that may be repeated, since its body can be made again.
type request struct {
	method  string
	url     string // absolute
	header  http.Header
	body    func() io.Reader // nil: none
	size    int64
	noRetry bool          // the caller handles an answer that asks for a retry
	work    time.Duration // how long the service may process it and send only signs of life
	whole   *api.Bounds   // the limits of an answer whose body is read at once; nil: the caller reads it
}

// answer says where the JSON of a successful answer goes. A faulty service may send anything, so
// the caller sets the length of the longest list that it accepts.
type answer struct {
	v     any
	items int // elements of its longest list
}

// maxElement is how many bytes one element of a list takes at most: a photo whose
// description consists of escapes.
const maxElement = 32 << 10

func (c *Client) url(path string, query url.Values) string {
	u := *c.base
	u.Path += path
	u.RawQuery = query.Encode()
	return u.String()
}

// json sends in as the body (nil: none) and reads the answer into out.
func (c *Client) json(ctx context.Context, method, path string, query url.Values, in any, out answer) error {
	return c.exchange(ctx, request{method: method, url: c.url(path, query), header: http.Header{}}, path, in, out)
}

// exchange is like json, for a request that has headers of its own.
func (c *Client) exchange(ctx context.Context, k request, path string, in any, out answer) error {
	k.whole = new(api.ListBounds(out.items, maxElement))
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", k.method, path, err)
		}
		k.header.Set("Content-Type", "application/json")
		k.body = func() io.Reader { return bytes.NewReader(body) }
		k.size = int64(len(body))
	}
	res, _, err := c.do(ctx, k)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(out.v); err != nil {
		return c.failed(ctx, fmt.Errorf("answer of %s: %w", path, err))
	}
	return nil
}

// body returns the whole body of an answer, whose longest list has so many items at most.
func (c *Client) body(ctx context.Context, k request, items int) ([]byte, error) {
	k.whole = new(api.ListBounds(items, maxElement))
	res, _, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// do sends k until the answer is a success or a failure that no retry can change. It also
// returns the number of attempts. The caller closes the body.
//
// If the service has never answered this process, do gives up after a second, because most
// likely the address is wrong. Otherwise it retries for c.patience, or for as long as an
// outage may last. That time begins again when a byte of k moves, but not when several
// answers in a row refuse k or end early.
func (c *Client) do(ctx context.Context, k request) (*http.Response, int, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 10*time.Second
	wait.Reset()
	giveUp, answers := time.Now().Add(c.outage.wait), 0 // answers in a row
	for attempts := 1; ; attempts++ {
		res, progressed, err := c.send(ctx, k)
		if err == nil && res.StatusCode < 300 {
			c.outage.over()
			return res, attempts, nil
		}
		if answers++; res == nil {
			answers = 0
		}
		var after time.Duration
		if err == nil {
			after = httpkit.RetryAfter(res.Header, time.Now())
			err = c.refused(res)
		}
		if k.noRetry || !c.retryable(err) {
			return nil, attempts, err
		}
		if progressed && answers < 2 { // the bytes of an attempt that is refused again are no progress
			giveUp = time.Now().Add(c.outage.wait)
		}
		pause := max(wait.NextBackOff(), after)
		limit := giveUp
		if !c.reached.Load() {
			limit = time.Now().Add(time.Second - time.Duration(attempts)*250*time.Millisecond)
		}
		if time.Now().Add(pause).After(limit) {
			return nil, attempts, err
		}
		c.outage.met(err, limit)
		select {
		case <-ctx.Done():
			return nil, attempts, interrupted(ctx)
		case <-time.After(pause):
		}
	}
}

// send sends k once. progressed says whether any byte of a body moved. If the answer ended
// early, send returns it, closed, with the error.
func (c *Client) send(ctx context.Context, k request) (res *http.Response, progressed bool, err error) {
	watch := newWatch(ctx, c.patience, k.work)
	var body io.Reader
	switch {
	case k.body != nil && k.size > 0:
		body = watch.reader(k.body())
	case k.body != nil:
		body = http.NoBody
	}
	req, err := http.NewRequestWithContext(watch.ctx, k.method, k.url, body)
	if err != nil {
		watch.stop()
		return nil, false, fmt.Errorf("request: %w", err)
	}
	// The service sends status 102 while it processes the request.
	req = req.WithContext(httptrace.WithClientTrace(watch.ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(int, textproto.MIMEHeader) error { watch.heartbeat(); return nil },
	}))
	for name, values := range k.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.agent)
	if k.body != nil && k.size > 0 {
		req.ContentLength = k.size
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(watch.reader(k.body())), nil }
	}
	res, err = c.hc.Do(req)
	if err != nil {
		err = c.failed(watch.ctx, err) // before stop, which ends the context: failed asks for the cause
		watch.stop()
		return nil, watch.moved(), err
	}
	c.reached.Store(true)
	res.Body = watch.body(res.Body, k.whole != nil)
	if res.StatusCode < 300 && isPage(res) {
		return nil, watch.moved(), errors.Join(c.captivePortal("it answered with a web page"), res.Body.Close())
	}
	if k.whole != nil && res.StatusCode < 300 {
		err = c.readWhole(watch.ctx, res, *k.whole)
	}
	return res, watch.moved(), err
}

// readWhole reads the body of an answer into memory, within bounds.
func (c *Client) readWhole(ctx context.Context, res *http.Response, bounds api.Bounds) error {
	defer res.Body.Close()
	body, err := bounds.ReadWhole(res.Body, res.ContentLength)
	switch {
	case photo.KindOf(err) == photo.KindTooLarge:
		return c.badAnswer("%s answered more than it was asked for: %v", c.base.Host, err)
	case err != nil:
		return c.failed(ctx, err)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// retryable reports whether the same request may succeed soon, or after an outage that this
// client waits for.
func (c *Client) retryable(err error) bool {
	if c.outage.wait > c.patience && c.reached.Load() {
		return mayPass(err)
	}
	var f permanentError
	return photo.KindOf(err) == photo.KindUnavailable && !errors.As(err, &f)
}
