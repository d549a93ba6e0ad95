package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// Me returns the signed-in account as the service sees it.
func (c *Client) Me(ctx context.Context) (api.Me, error) {
	var me api.Me
	err := c.json(ctx, http.MethodGet, api.PathMe, nil, nil, answer{&me, 1})
	return me, err
}

// Check asks about at most photo.MaxCheck digests. It returns one status per digest, in order.
func (c *Client) Check(ctx context.Context, ids []photo.ID) ([]photo.Status, error) {
	return c.Verify(ctx, ids, photo.LookAtRow)
}

// Verify is like Check, but the service looks at the bytes before it says that they are stored.
func (c *Client) Verify(ctx context.Context, ids []photo.ID, how photo.Scrutiny) ([]photo.Status, error) {
	return inHalves(ctx, ids, func(ctx context.Context, ids []photo.ID) ([]photo.Status, error) { return c.verify(ctx, ids, how) })
}

func (c *Client) verify(ctx context.Context, ids []photo.ID, how photo.Scrutiny) ([]photo.Status, error) {
	var res api.CheckResponse
	k := request{method: http.MethodPost, url: c.url(api.PathCheck, nil), header: http.Header{}}
	if how != photo.LookAtRow {
		k.work = 10*time.Minute + time.Duration(len(ids))*5*time.Second // photos may be large, and the service reads all of their bytes
	}
	if err := c.exchange(ctx, k, api.PathCheck, api.CheckRequest{IDs: ids, Verify: how}, answer{&res, len(ids)}); err != nil {
		return nil, err
	}
	if len(res.Results) != len(ids) {
		return nil, c.badAnswer("asked about %d photos, answered about %d", len(ids), len(res.Results))
	}
	out := make([]photo.Status, len(ids))
	for i, r := range res.Results {
		if r.ID != ids[i] {
			return nil, c.badAnswer("check answered in another order than asked")
		}
		out[i] = photo.Status{ID: r.ID, State: r.State, Description: r.Description, TakenSource: r.TakenSource, PositionSource: r.PositionSource, Folder: r.Folder, Tags: r.Tags, Upload: r.Upload, Offset: r.Offset}
	}
	return out, nil
}

// Get returns one photo that is not in the trash.
func (c *Client) Get(ctx context.Context, id photo.ID) (photo.Photo, error) {
	return c.photo(ctx, http.MethodGet, id, "")
}

// Describe sets at most photo.MaxDescribe descriptions in one transaction of the service, or in
// several when a proxy refuses the request as too long. It returns one result per item, in
// order. The Problem of a result concerns its item only.
func (c *Client) Describe(ctx context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error) {
	return inHalves(ctx, items, c.describe)
}

func (c *Client) describe(ctx context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error) {
	var res api.DescriptionsResponse
	if err := c.json(ctx, http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: items}, answer{&res, len(items)}); err != nil {
		return nil, err
	}
	if len(res.Results) != len(items) {
		return nil, c.badAnswer("described %d photos, answered about %d", len(items), len(res.Results))
	}
	for i, r := range res.Results {
		if r.Photo != nil && r.Photo.ID != items[i].ID {
			return nil, c.badAnswer("descriptions answered in another order than asked")
		}
	}
	return res.Results, nil
}

// Edit changes what the user may edit of one photo. version is that of the photo that the caller
// has seen, or nil for any.
func (c *Client) Edit(ctx context.Context, id photo.ID, patch api.PhotoPatch, version *int64) (photo.Photo, error) {
	var p api.Photo
	k := request{method: http.MethodPatch, url: c.url(photoPath(id), nil), header: http.Header{}}
	if version != nil {
		k.header.Set("If-Match", strconv.Quote(strconv.FormatInt(*version, 10)))
	}
	if err := c.exchange(ctx, k, photoPath(id), patch, answer{&p, photo.MaxTags}); err != nil {
		return photo.Photo{}, err
	}
	return p.Photo(), sameID(id, p.ID)
}

// Tag adds tags to at most photo.MaxDescribe photos and removes others, in one transaction of the
// service, or in several when a proxy refuses the request as too long. It returns one result per
// photo, in order. The Problem of a result concerns its photo only.
func (c *Client) Tag(ctx context.Context, ids []photo.ID, add, remove []string) ([]api.DescriptionResult, error) {
	return inHalves(ctx, ids, func(ctx context.Context, ids []photo.ID) ([]api.DescriptionResult, error) {
		var res api.DescriptionsResponse
		if err := c.json(ctx, http.MethodPatch, api.PathTags, nil, api.TagPatch{IDs: ids, Add: add, Remove: remove}, answer{&res, len(ids)}); err != nil {
			return nil, err
		}
		if len(res.Results) != len(ids) {
			return nil, c.badAnswer("tagged %d photos, answered about %d", len(ids), len(res.Results))
		}
		for i, r := range res.Results {
			if r.Photo != nil && r.Photo.ID != ids[i] {
				return nil, c.badAnswer("tags answered in another order than asked")
			}
		}
		return res.Results, nil
	})
}

// Tags yields the tags of all photos that are not in the trash. It ends with the first error.
func (c *Client) Tags(ctx context.Context) iter.Seq2[api.Tag, error] {
	return func(yield func(api.Tag, error) bool) {
		seen := map[string]bool{}
		for cursor := ""; ; {
			var page api.Tags
			q := url.Values{"limit": {strconv.Itoa(pageSize)}}
			if cursor != "" {
				q.Set("cursor", cursor)
			}
			err := c.json(ctx, http.MethodGet, api.PathTags, q, nil, answer{&page, pageSize})
			if err == nil && seen[page.Next] {
				err = c.badAnswer("the list does not advance")
			}
			if err != nil {
				yield(api.Tag{}, err)
				return
			}
			for _, tag := range page.Tags {
				if !yield(tag, nil) {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
			seen[cursor] = true
		}
	}
}

// maxValues is how many months or cameras an answer may have.
const maxValues = 200_000

// Stats returns how many photos there are by month, type and camera.
func (c *Client) Stats(ctx context.Context) (api.Stats, error) {
	var s api.Stats
	err := c.json(ctx, http.MethodGet, api.PathStats, nil, nil, answer{&s, maxValues})
	return s, err
}

// Changes returns what became of photos after a cursor, see GET /v1/changes. If there is nothing yet, the
// service waits for some of the time that a request may take, in whole seconds. If that is less than a
// second, Changes waits itself.
func (c *Client) Changes(ctx context.Context, after string) (api.Changes, error) {
	const pageSize, longest = 1000, 30 * time.Second
	wait := min(longest, c.patience/2).Truncate(time.Second)
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "wait": {wait.String()}}
	if after != "" {
		q.Set("after", after)
	}
	var page api.Changes
	err := c.json(ctx, http.MethodGet, api.PathChanges, q, nil, answer{&page, pageSize})
	if err == nil && (page.Cursor == "" || page.More && page.Cursor == after) {
		err = c.badAnswer("the changes do not advance")
	}
	if err == nil && wait == 0 && len(page.Changes) == 0 && after != api.AfterLatest {
		err = pause(ctx, time.Second)
	}
	return page, err
}

// History returns the descriptions that a photo has and had.
func (c *Client) History(ctx context.Context, id photo.ID) (api.History, error) {
	var h api.History
	if err := c.json(ctx, http.MethodGet, photoPath(id)+"/history", nil, nil, answer{&h, 2 * photo.MaxRevisions}); err != nil {
		return api.History{}, err
	}
	return h, sameID(id, h.ID)
}

// Undo sets the description that a photo had at the revision numbered to. version is that of
// the history that the caller has seen. The call may be repeated.
func (c *Client) Undo(ctx context.Context, id photo.ID, to, version int64) (photo.Photo, error) {
	var p api.Photo
	path := photoPath(id) + "/undo"
	k := request{method: http.MethodPost, url: c.url(path, nil), header: http.Header{"If-Match": {strconv.Quote(strconv.FormatInt(version, 10))}}}
	if err := c.exchange(ctx, k, path, api.Undo{To: to}, answer{&p, 1}); err != nil {
		return photo.Photo{}, err
	}
	return p.Photo(), sameID(id, p.ID)
}

// Delete puts a photo into the trash.
func (c *Client) Delete(ctx context.Context, id photo.ID) (photo.Photo, error) {
	return c.photo(ctx, http.MethodDelete, id, "")
}

// Restore takes a photo out of the trash. It does not change a photo that is not there.
func (c *Client) Restore(ctx context.Context, id photo.ID) (photo.Photo, error) {
	return c.photo(ctx, http.MethodPost, id, "/restore")
}

// Purge removes a photo in the trash and its bytes at once. It returns the photo as it was.
func (c *Client) Purge(ctx context.Context, id photo.ID) (photo.Photo, error) {
	return c.photo(ctx, http.MethodPost, id, "/purge")
}

// photo sends a request about one photo. It refuses an answer about another photo, because a
// download is verified against the ID in the answer.
func (c *Client) photo(ctx context.Context, method string, id photo.ID, action string) (photo.Photo, error) {
	var p api.Photo
	if err := c.json(ctx, method, photoPath(id)+action, nil, nil, answer{&p, 1}); err != nil {
		return photo.Photo{}, err
	}
	return p.Photo(), sameID(id, p.ID)
}

func sameID(asked, answered photo.ID) error {
	if asked == answered {
		return nil
	}
	return &photo.Error{Kind: photo.KindProtocol, Msg: fmt.Sprintf("asked about photo %s, answered about %s", asked.Short(), answered.Short())}
}

func photoPath(id photo.ID) string { return api.PathPhotos + "/" + id.String() }

// ProblemError returns the problem of one item as an error.
func ProblemError(p *api.Problem) error {
	if p == nil {
		return nil
	}
	return &photo.Error{Kind: p.Kind, Msg: p.Detail, Hint: p.Hint}
}
