package httpapi

import (
	"fmt"
	"net/url"
	"strconv"

	"photos/internal/api"
	"photos/internal/photo"
)

// Limits of one page of a list.
const (
	defaultPage = 1000
	maxPage     = 5000
)

// listQuery is what GET /v1/photos asks for.
type listQuery struct {
	filter photo.Filter
	pageQuery
}

// parseListQuery reads the query of GET /v1/photos. It refuses parameters that are unknown,
// repeated or blank: a misspelt filter would list photos that it should not.
func parseListQuery(raw string) (q listQuery, err error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, badQuery("the query is malformed")
	}
	if q.filter, err = api.DecodeFilter(values); err != nil {
		return q, err
	}
	q.pageQuery, err = readPageQuery(values)
	return q, err
}

// pageQuery says which page of a list is asked for.
type pageQuery struct {
	cursor string
	limit  int
}

// parsePageQuery reads the query of a list without a filter.
func parsePageQuery(raw string) (pageQuery, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return pageQuery{}, badQuery("the query is malformed")
	}
	return readPageQuery(values)
}

// readPageQuery refuses whatever else is in the query.
func readPageQuery(values url.Values) (pageQuery, error) {
	q := pageQuery{limit: defaultPage}
	for key := range values {
		if key == "cursor" && len(values[key]) == 1 && values[key][0] == "" {
			continue // from the start
		}
		v, err := api.TakeParameter(values, key)
		if err != nil {
			return q, err
		}
		if err := q.set(key, v); err != nil {
			return q, err
		}
	}
	return q, nil
}

// set reads a parameter.
func (q *pageQuery) set(key, v string) (err error) {
	switch key {
	case "cursor":
		q.cursor = v
	case "limit":
		if q.limit, err = strconv.Atoi(v); err != nil || q.limit < 1 || q.limit > maxPage {
			return badQuery("limit: %.40q is not a number from 1 to %d", v, maxPage)
		}
	default:
		return badQuery("there is no parameter %.40q", key)
	}
	return nil
}

func badQuery(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...)}
}
