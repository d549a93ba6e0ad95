package httpapi

import (
	"net/http"
	"net/url"
	"strconv"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// similar answers with the photos that look like one.
func (h *photos) similar(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	q, err := parseSimilarQuery(r.URL.RawQuery, photo.MaxDistance, false)
	if err != nil {
		return err
	}
	result, err := h.photos.Similar(r.Context(), by, id, q.distance, q.limit)
	if err != nil {
		return err
	}
	answer := api.SimilarPhotos{Photos: make([]api.SimilarPhoto, len(result.Found)), Pending: result.Pending}
	for i, s := range result.Found {
		answer.Photos[i] = api.SimilarPhoto{Photo: api.FromPhoto(s.Photo), Distance: s.Distance}
	}
	return httpkit.WriteJSON(w, answer)
}

// dupes answers with groups of photos that look the same.
func (h *photos) dupes(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	q, err := parseSimilarQuery(r.URL.RawQuery, service.MaxDupeDistance, true)
	if err != nil {
		return err
	}
	result, err := h.photos.Dupes(r.Context(), by, q.distance, q.cursor, q.limit)
	if err != nil {
		return err
	}
	answer := api.Dupes{Groups: make([]api.DupeGroup, len(result.Found)), Next: result.Next, Pending: result.Pending}
	for i, group := range result.Found {
		answer.Groups[i].Photos = make([]api.Photo, len(group))
		for j, p := range group {
			answer.Groups[i].Photos[j] = api.FromPhoto(p)
		}
	}
	return httpkit.WriteJSON(w, answer)
}

// similarQuery is what the requests for similar photos ask for.
type similarQuery struct {
	distance int
	limit    int
	cursor   string
}

// parseSimilarQuery refuses what is unknown, repeated or blank, as parseListQuery does.
func parseSimilarQuery(raw string, maxDistance int, pages bool) (similarQuery, error) {
	q := similarQuery{distance: api.DefaultDistance, limit: defaultPage}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, badQuery("the query is malformed")
	}
	for key := range values {
		v, err := api.TakeParameter(values, key)
		if err != nil {
			return q, err
		}
		switch {
		case key == "distance":
			if q.distance, err = strconv.Atoi(v); err != nil || q.distance < 0 || q.distance > maxDistance {
				return q, badQuery("distance: %.40q is not a number from 0 to %d", v, maxDistance)
			}
		case key == "limit":
			if q.limit, err = strconv.Atoi(v); err != nil || q.limit < 1 || q.limit > maxPage {
				return q, badQuery("limit: %.40q is not a number from 1 to %d", v, maxPage)
			}
		case key == "cursor" && pages:
			q.cursor = v
		default:
			return q, badQuery("there is no parameter %.40q", key)
		}
	}
	return q, nil
}
