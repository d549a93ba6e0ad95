package client

import (
	"context"
	"net/http"

	"photos/internal/api"
	"photos/internal/photo"
)

// Keys lists the access keys of the signed-in user.
func (c *Client) Keys(ctx context.Context) ([]api.AccessKey, error) {
	var keys api.AccessKeys
	err := c.json(ctx, http.MethodGet, api.PathKeys, nil, nil, answer{&keys, photo.MaxKeys})
	return keys.Keys, err
}

// CreateKey makes an access key. Only this answer contains its secret. The request has a key, so
// that one that is repeated because its answer was lost gets the same access key.
func (c *Client) CreateKey(ctx context.Context, k api.NewAccessKey) (api.CreatedAccessKey, error) {
	var made api.CreatedAccessKey
	err := c.exchange(ctx, c.creation(api.PathKeys), api.PathKeys, k, answer{&made, 1})
	return made, err
}

// RevokeKey ends an access key. The name must be valid.
func (c *Client) RevokeKey(ctx context.Context, name string) error {
	res, _, err := c.do(ctx, request{method: http.MethodDelete, url: c.url(api.PathKeys+"/"+name, nil), header: http.Header{}})
	if err != nil {
		return err
	}
	return res.Body.Close()
}
