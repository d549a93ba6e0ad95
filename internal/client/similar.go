package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"photos/internal/api"
	"photos/internal/photo"
)

// maxPage is how many photos the service sends at most in one answer.
const maxPage = 5000

// Similar returns at most limit photos (0: as many as the service sends) that look like one,
// the most similar first.
func (c *Client) Similar(ctx context.Context, id photo.ID, distance, limit int) (api.SimilarPhotos, error) {
	if limit == 0 {
		limit = maxPage
	}
	q := url.Values{"distance": {strconv.Itoa(distance)}, "limit": {strconv.Itoa(limit)}}
	var found api.SimilarPhotos
	err := c.json(ctx, http.MethodGet, photoPath(id)+"/similar", q, nil, answer{&found, limit})
	return found, err
}

// Dupes yields pages of groups of photos that look the same.
func (c *Client) Dupes(ctx context.Context, distance int) iter.Seq2[api.Dupes, error] {
	return func(yield func(api.Dupes, error) bool) {
		seen := map[string]bool{}
		for cursor := ""; ; {
			q := url.Values{"distance": {strconv.Itoa(distance)}, "limit": {strconv.Itoa(pageSize)}}
			if cursor != "" {
				q.Set("cursor", cursor)
			}
			var page api.Dupes
			err := c.json(ctx, http.MethodGet, api.PathDupes, q, nil, answer{&page, maxPage}) // a group may be larger than a page
			if !yield(page, err) || err != nil || page.Next == "" {
				return
			}
			if cursor = page.Next; seen[cursor] {
				yield(api.Dupes{}, c.badAnswer("the list does not advance"))
				return
			}
			seen[cursor] = true
		}
	}
}
