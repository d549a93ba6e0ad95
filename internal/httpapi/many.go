package httpapi

import (
	"net/http"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/store"
)

// describeMany sets descriptions in one transaction. An item that is not fit, or
// concerns no photo, fails alone.
func (s *Server) describeMany(w http.ResponseWriter, r *http.Request, a account) error {
	leave, err := s.batches.take(a.owner)
	if err != nil {
		return err
	}
	defer leave()
	var req api.DescriptionsPatch
	if err := s.readJSON(w, r, photo.MaxDescribe, &req); err != nil {
		return err
	}
	results := make([]api.DescriptionResult, len(req.Items))
	var fit []store.Description
	var at []int // of each fit item in the request
	for i, item := range req.Items {
		results[i].ID = item.ID
		d, err := description(item)
		if err == nil && !onlyFills(d) {
			err = toChange.allows(a.scope)
		}
		if err != nil {
			results[i].Problem = new(problemOf(err))
			continue
		}
		fit, at = append(fit, d), append(at, i)
	}
	done, err := s.Store.Describe(r.Context(), a.owner, fit)
	if err != nil {
		return err
	}
	for j, d := range done {
		results[at[j]] = described(fit[j].ID, d)
	}
	return writeJSON(w, api.DescriptionsResponse{Results: results})
}

// onlyFills reports whether d changes no description that is there. An upload that
// finds its photo stored already does so, so a key that may only upload may too.
func onlyFills(d store.Description) bool { return d.OnlyIfEmpty && d.Text != "" }

func described(id photo.ID, d store.Described) api.DescriptionResult {
	if d.Err != nil {
		return api.DescriptionResult{ID: id, Problem: new(problemOf(d.Err))}
	}
	return api.DescriptionResult{ID: id, Photo: new(api.FromPhoto(d.Photo)), Changed: d.Changed}
}
