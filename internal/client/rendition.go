package client

import (
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
	query := url.Values{"size": {strconv.Itoa(size)}}
	res, _, err := c.do(ctx, request{method: http.MethodGet, url: c.url(photoPath(id)+"/thumbnail", query)})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	picture, err := io.ReadAll(io.LimitReader(res.Body, maxRendition))
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	return picture, nil
}
