package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// edit changes what the user may edit of a photo.
func (h *photos) edit(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var patch api.PhotoPatch
	if err := h.body.read(w, r, photo.MaxTags, tagItem, &patch); err != nil {
		return err
	}
	e, err := parseEdit(patch)
	if err != nil {
		return err
	}
	e.ID, e.IfVersion = id, ifMatch(r)
	p, err := h.photos.Edit(r.Context(), by, e)
	return writePhoto(w, p, err)
}

// parseEdit reads what a PATCH asks for.
func parseEdit(patch api.PhotoPatch) (photo.Edit, error) {
	e := photo.Edit{Name: patch.Name, Folder: patch.Folder, Tags: patch.Tags}
	if patch.Description != nil {
		e.Description = &photo.Text{Text: *patch.Description, Source: patch.Source}
	}
	if patch.TakenAt.Given {
		e.TakenAt = &photo.Moment{}
		if patch.TakenAt.Value != nil {
			e.TakenAt = patch.TakenAt.Value
		}
	}
	var err error
	if patch.Position.Given {
		e.Position, err = parsePlace(patch.Position.Value)
	}
	if err == nil && e.Empty() {
		err = &photo.Error{Kind: photo.KindUsage, Msg: "the body changes nothing", Hint: "it may have description, name, taken_at, position, folder and tags; an empty description erases"}
	}
	return e, err
}

func parsePlace(p *api.Position) (*photo.PlaceEdit, error) {
	if p == nil {
		return &photo.PlaceEdit{}, nil
	}
	if p.Latitude != nil && p.Longitude != nil {
		if place := photo.NewPosition(*p.Latitude, *p.Longitude); place != nil {
			return &photo.PlaceEdit{Position: place}, nil
		}
	}
	return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the position is not a latitude and a longitude in degrees", Hint: `{"latitude": 48.1, "longitude": 11.5}, or null, which erases it`}
}

// tags answers a page of the tags of all photos.
func (h *photos) tags(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	q, err := parsePageQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	tags, next, err := h.photos.Tags(r.Context(), by, q.cursor, q.limit)
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.FromTags(tags, next))
}

// tagMany adds tags to many photos and removes others. A photo that is not there does not stop
// the others.
func (h *photos) tagMany(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	return h.batches.answer(w, r, by, tagItem, func(body []byte) ([]byte, error) {
		return h.tagItems(r.Context(), by, body)
	})
}

// tagItems returns the answer to the body of a request for the tags of many photos.
func (h *photos) tagItems(ctx context.Context, by service.Caller, body []byte) ([]byte, error) {
	var req api.TagPatch
	if err := decodeJSON(body, &req); err != nil {
		return nil, err
	}
	switch {
	case len(req.IDs) > photo.MaxDescribe:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%d photos", len(req.IDs)), Hint: fmt.Sprintf("a request may have %d", photo.MaxDescribe)}
	case len(req.Add)+len(req.Remove) == 0:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the body has no tags", Hint: "add or remove has tags"}
	}
	edits := make([]photo.Edit, len(req.IDs))
	for i, id := range req.IDs {
		edits[i] = photo.Edit{ID: id, AddTags: req.Add, RemoveTags: req.Remove}
	}
	done, err := h.photos.EditMany(ctx, by, edits)
	if err != nil {
		return nil, err
	}
	results := make([]api.DescriptionResult, len(done))
	for i, d := range done {
		results[i] = descriptionResult(req.IDs[i], d)
	}
	return httpkit.EncodeJSON(api.DescriptionsResponse{Results: results})
}

// photoTags answers the tags of one photo.
func (h *photos) photoTags(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := h.photos.Get(r.Context(), by, id)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", versionTag(p.Version))
	return httpkit.WriteJSON(w, api.PhotoTags{Tags: append([]string{}, p.Tags...)})
}

// setTags replaces the tags of one photo.
func (h *photos) setTags(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var req struct {
		Tags *[]string `json:"tags"`
	}
	if err := h.body.read(w, r, photo.MaxTags, tagItem, &req); err != nil {
		return err
	}
	if req.Tags == nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "the tags are missing", Hint: "an empty list removes all tags"}
	}
	p, err := h.photos.Edit(r.Context(), by, photo.Edit{ID: id, Tags: req.Tags, IfVersion: ifMatch(r)})
	return writePhoto(w, p, err)
}

// stats counts the photos by month, type and camera.
func (h *photos) stats(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	s, err := h.photos.Stats(r.Context(), by)
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.FromStats(s))
}
