package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"photos/internal/photo"
)

// maxRendition is more bytes than a rendition of the largest size takes.
const maxRendition = 16 << 20

// Rendition returns a JPEG of a photo whose longer side has at most size pixels: 256, 512
// or 1024. It fails with photo.KindNoRendition when the service cannot decode the photo.
func (c *Client) Rendition(ctx context.Context, id photo.ID, size int) ([]byte, error) {
	const attempts = 3
	for n := 1; ; n++ {
		picture, cut, err := c.rendition(ctx, id, size)
		if !cut || n == attempts || !c.retryable(err) {
			return picture, err
		}
	}
}

// rendition also reports whether the answer was cut.
func (c *Client) rendition(ctx context.Context, id photo.ID, size int) (picture []byte, cut bool, err error) {
	query := url.Values{"size": {strconv.Itoa(size)}}
	res, _, err := c.do(ctx, request{method: http.MethodGet, url: c.url(photoPath(id)+"/thumbnail", query)})
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	picture, err = io.ReadAll(c.limited(ctx, io.LimitReader(res.Body, maxRendition)))
	if err != nil {
		return nil, true, c.failed(ctx, err)
	}
	if !bytes.HasPrefix(picture, []byte("\xff\xd8\xff")) {
		return nil, false, c.badAnswer("the small picture of photo %s is not a JPEG", id.Short())
	}
	return picture, false, nil
}
