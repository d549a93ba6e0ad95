package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/service"
)

// changes answers what became of photos.
type changes struct {
	photos   *service.Photos
	stopping func() bool // requests that wait are to end
}

func (h *changes) list(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	q, err := parseChangesQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if q.after == api.AfterLatest {
		cursor, err := h.photos.LatestChange(r.Context(), by)
		if err != nil {
			return err
		}
		return httpkit.WriteJSON(w, api.Changes{Changes: []api.Change{}, Cursor: cursor})
	}
	page, err := h.photos.Changes(r.Context(), by, q.after, q.limit, q.wait, h.stopping)
	if err != nil {
		return err
	}
	return httpkit.WriteJSON(w, api.FromChanges(page))
}

// changesQuery is what GET /v1/changes asks for.
type changesQuery struct {
	after string
	limit int
	wait  time.Duration
}

// parseChangesQuery refuses parameters that are unknown or repeated.
func parseChangesQuery(raw string) (changesQuery, error) {
	q := changesQuery{limit: defaultPage}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, badQuery("the query is malformed")
	}
	for key, given := range values {
		if len(given) != 1 {
			return q, badQuery("%.40q is given twice", key)
		}
		if err := q.set(key, given[0]); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *changesQuery) set(key, v string) (err error) {
	switch key {
	case "after":
		q.after = v
	case "limit":
		if q.limit, err = strconv.Atoi(v); err != nil || q.limit < 1 || q.limit > api.MaxChanges {
			return badQuery("limit: %.40q is not a number from 1 to %d", v, api.MaxChanges)
		}
	case "wait":
		seconds, err := strconv.Atoi(strings.TrimSuffix(v, "s"))
		if err != nil || seconds < 0 || seconds > api.MaxChangesWait {
			return badQuery("wait: %.40q is not a time from 0s to %ds", v, api.MaxChangesWait)
		}
		q.wait = time.Duration(seconds) * time.Second
	default:
		return badQuery("there is no parameter %.40q", key)
	}
	return nil
}
