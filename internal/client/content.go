package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"photos/internal/photo"
)

// Content returns the original bytes of a photo from offset on. It starts at 0 when the
// service ignores ranges; the Offset of the result says which. The caller closes it and
// verifies the digest.
func (c *Client) Content(ctx context.Context, id photo.ID, offset int64) (*Content, error) {
	k := request{method: http.MethodGet, url: c.url(photoPath(id)+"/content", nil), header: http.Header{}}
	if offset > 0 {
		k.header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		k.header.Set("If-Range", `"`+id.String()+`"`)
	}
	res, _, err := c.do(ctx, k) //nolint:bodyclose // the caller closes the Content
	if err != nil {
		return nil, err
	}
	out := &Content{body: res.Body, limited: c.limited(ctx, res.Body), ctx: ctx, c: c}
	if b, ok := res.Body.(*watchedBody); ok {
		out.ctx = b.w.ctx // its cause says whether the caller or a stalled connection ended it
	}
	if res.StatusCode == http.StatusPartialContent {
		out.Offset = offset
	}
	return out, nil
}

// Content reads the bytes of a photo from the service.
type Content struct {
	Offset  int64
	body    io.ReadCloser
	limited io.Reader       // the body, as slow as the limit of the client
	ctx     context.Context // holds the cause when a Read fails
	c       *Client
}

// Read implements io.Reader. Its errors are *photo.Error, except io.EOF.
func (r *Content) Read(p []byte) (int, error) {
	n, err := r.limited.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		err = r.c.failed(r.ctx, err)
	}
	return n, err
}

// Close releases the connection.
func (r *Content) Close() error { return r.body.Close() }
