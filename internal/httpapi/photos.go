package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// photos answers requests about stored photos.
type photos struct {
	photos  *service.Photos
	body    bodyReader
	stall   time.Duration
	batches batches
	log     *slog.Logger
}

func newPhotos(c Config, body bodyReader) *photos {
	return &photos{photos: c.Service.Photos, body: body, stall: c.Stall, log: c.Log, batches: newBatches(body)}
}

// pathID returns the {id} of the path. A path that has no valid ID names no photo.
func pathID(r *http.Request) (photo.ID, error) {
	id, err := photo.ParseID(r.PathValue("id"))
	if err != nil {
		return photo.ID{}, &photo.Error{Kind: photo.KindNotFound, Msg: err.Error(), Hint: photo.HintOf(err)}
	}
	return id, nil
}

func (h *photos) list(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	q, err := parseListQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := h.photos.List(r.Context(), by, q.filter, q.cursor, q.limit)
	if err != nil {
		return err
	}
	answer := api.PhotoPage{Photos: make([]api.Photo, len(page.Photos)), Next: page.Next}
	for i, p := range page.Photos {
		answer.Photos[i] = api.FromPhoto(p)
	}
	return httpkit.WriteJSON(w, answer)
}

func (h *photos) get(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := h.photos.Get(r.Context(), by, id)
	return writePhoto(w, p, err)
}

// writePhoto answers one photo, unless err is set. Its ETag is the version that If-Match
// accepts.
func writePhoto(w http.ResponseWriter, p photo.Photo, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("ETag", versionTag(p.Version))
	return httpkit.WriteJSON(w, api.FromPhoto(p))
}

func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// describeMany sets many descriptions. An item that fails does not stop the others.
func (h *photos) describeMany(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	return h.batches.answer(w, r, by, descriptionItem, func(body []byte) ([]byte, error) {
		return h.describeItems(r.Context(), by, body)
	})
}

// describeItems returns the answer to the body of a request with many descriptions.
func (h *photos) describeItems(ctx context.Context, by service.Caller, body []byte) ([]byte, error) {
	var req api.DescriptionsPatch
	if err := decodeJSON(body, &req); err != nil {
		return nil, err
	}
	items := make([]service.Description, len(req.Items))
	for i, item := range req.Items {
		items[i] = service.Description{ID: item.ID, Text: item.Description, Source: item.Source, OnlyIfEmpty: item.OnlyIfEmpty, IfVersion: item.Version}
	}
	done, err := h.photos.DescribeMany(ctx, by, items)
	if err != nil {
		return nil, err
	}
	results := make([]api.DescriptionResult, len(done))
	for i, d := range done {
		results[i] = descriptionResult(items[i].ID, d)
	}
	return httpkit.EncodeJSON(api.DescriptionsResponse{Results: results})
}

func descriptionResult(id photo.ID, d service.Described) api.DescriptionResult {
	if d.Err != nil {
		return api.DescriptionResult{ID: id, Problem: new(problemOf(d.Err))}
	}
	return api.DescriptionResult{ID: id, Photo: new(api.FromPhoto(d.Photo)), Changed: d.Changed}
}

func (h *photos) history(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	history, err := h.photos.History(r.Context(), by, id)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", versionTag(history.Photo.Version))
	return httpkit.WriteJSON(w, api.FromHistory(history))
}

func (h *photos) undo(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var req api.Undo
	if err := h.body.read(w, r, 1, otherItem, &req); err != nil {
		return err
	}
	p, err := h.photos.Undo(r.Context(), by, id, req.To, ifMatch(r))
	return writePhoto(w, p, err)
}

// ifMatch returns the version that the request's If-Match requires; nil for any.
func ifMatch(r *http.Request) *int64 {
	match := r.Header.Get("If-Match")
	if match == "" || match == "*" {
		return nil
	}
	return new(parseVersion(match))
}

// parseVersion reads an ETag of writePhoto. For any other it returns a version that no
// photo ever has.
func parseVersion(tag string) int64 {
	v, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || versionTag(v) != tag {
		return -1
	}
	return v
}

func (h *photos) trash(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := h.photos.Trash(r.Context(), by, id)
	return writePhoto(w, p, err)
}

func (h *photos) purge(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := h.photos.Purge(r.Context(), by, id)
	return writePhoto(w, p, err)
}

func (h *photos) restore(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := h.photos.Restore(r.Context(), by, id)
	return writePhoto(w, p, err)
}
