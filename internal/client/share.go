package client

import (
	"context"
	"crypto/rand"
	"net/http"

	"photos/internal/api"
	"photos/internal/photo"
)

// Shares lists the shares of the signed-in user: first those that have not ended.
func (c *Client) Shares(ctx context.Context) ([]api.Share, error) {
	var shares api.Shares
	err := c.json(ctx, http.MethodGet, api.PathShares, nil, nil, answer{&shares, photo.MaxListedShares})
	return shares.Shares, err
}

// CreateShare makes a share. Only this answer has its address. The request has a key, so that one
// that is repeated because its answer was lost makes no second share.
func (c *Client) CreateShare(ctx context.Context, s api.NewShare) (api.CreatedShare, error) {
	var made api.CreatedShare
	err := c.exchange(ctx, c.creation(api.PathShares), api.PathShares, s, answer{&made, 1})
	return made, err
}

// creation returns a request that creates a secret, with a key by which the service recognizes a
// repetition.
func (c *Client) creation(path string) request {
	return request{method: http.MethodPost, url: c.url(path, nil), header: http.Header{api.HeaderKey: {rand.Text()}}}
}

// RevokeShare ends a share. The ID must be valid.
func (c *Client) RevokeShare(ctx context.Context, id string) error {
	res, _, err := c.do(ctx, request{method: http.MethodDelete, url: c.url(api.PathShares+"/"+id, nil), header: http.Header{}})
	if err != nil {
		return err
	}
	return res.Body.Close()
}
