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
	k := request{method: http.MethodPost, url: c.url(api.PathShares, nil), header: http.Header{api.HeaderKey: {rand.Text()}}}
	err := c.exchange(ctx, k, api.PathShares, s, answer{&made, 1})
	return made, err
}

// RevokeShare ends a share. The ID must be valid.
func (c *Client) RevokeShare(ctx context.Context, id string) error {
	res, _, err := c.do(ctx, request{method: http.MethodDelete, url: c.url(api.PathShares+"/"+id, nil), header: http.Header{}})
	if err != nil {
		return err
	}
	return res.Body.Close()
}
