package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"photos/internal/photo"
)

// Content is the original bytes of a photo from offset on. The answer starts at
// the offset asked for or, when the service ignores ranges, at 0: Offset says.
// The caller closes it and verifies the digest.
func (c *Client) Content(ctx context.Context, id photo.ID, offset int64) (*Content, error) {
	k := call{method: http.MethodGet, url: c.url(photoPath(id)+"/content", nil), header: http.Header{}}
	if offset > 0 {
		k.header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		k.header.Set("If-Range", `"`+id.String()+`"`)
	}
	res, _, err := c.do(ctx, k) //nolint:bodyclose // the caller closes the Content
	if err != nil {
		return nil, err
	}
	out := &Content{body: res.Body, ctx: ctx, c: c}
	if b, ok := res.Body.(*watchedBody); ok {
		out.ctx = b.w.ctx // knows why it ended, be it the caller or a stalled connection
	}
	if res.StatusCode == http.StatusPartialContent {
		out.Offset = offset
	}
	return out, nil
}

// Content is a photo's bytes on their way.
type Content struct {
	Offset int64
	body   io.ReadCloser
	ctx    context.Context //nolint:containedctx // names the cause when a Read fails, as a request's own context does
	c      *Client
}

// Read reads on; its errors are *photo.Error, but for io.EOF.
func (r *Content) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		err = r.c.failed(r.ctx, err)
	}
	return n, err
}

// Close lets go of the connection.
func (r *Content) Close() error { return r.body.Close() }
