package server

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// Limits of one page of a list.
const (
	defaultPage = 1000
	maxPage     = 5000
	maxSearch   = 1024 // bytes
)

// listQuery is what GET /v1/photos asks for.
type listQuery struct {
	filter photo.Filter
	cursor string
	limit  int
}

// parseListQuery reads the query of GET /v1/photos. Unknown and repeated
// parameters are refused: a misspelt filter would list photos it should not.
func parseListQuery(raw string) (listQuery, error) {
	q := listQuery{limit: defaultPage}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, badQuery("the query is malformed")
	}
	for key, v := range values {
		if len(v) > 1 {
			return q, badQuery("%.40q stands twice", key)
		}
		if v[0] == "" {
			continue
		}
		if err := q.set(key, v[0]); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *listQuery) set(key, v string) (err error) {
	f := &q.filter
	switch key {
	case "search":
		f.Search = v
		if len(v) > maxSearch {
			return badQuery("search: more than %d bytes", maxSearch)
		}
	case "since":
		f.Since, err = queryTime(key, v)
	case "until":
		f.Until, err = queryTime(key, v)
	case "by":
		f.By, err = queryOrder(v)
	case "undescribed":
		f.Undescribed, err = queryBool(key, v)
	case "trash":
		f.Trash, err = queryBool(key, v)
	case "id_prefix":
		f.IDPrefix = strings.ToLower(v)
		if !photo.IsHex(v) || len(v) > 2*len(photo.ID{}) {
			return badQuery("id_prefix: %.80q is not the start of an ID", v)
		}
	case "cursor":
		q.cursor = v
	case "limit":
		if q.limit, err = strconv.Atoi(v); err != nil || q.limit < 1 || q.limit > maxPage {
			return badQuery("limit: %.40q is not a number from 1 to %d", v, maxPage)
		}
	default:
		return badQuery("there is no parameter %.40q", key)
	}
	return err
}

func queryTime(key, v string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return time.Time{}, badQuery("%s: %.60q is not a time like 2024-05-31T18:00:00Z", key, v)
	}
	return t, nil
}

func queryBool(key, v string) (bool, error) {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, badQuery("%s: %.40q is neither 1 nor 0", key, v)
	}
	return b, nil
}

func queryOrder(v string) (photo.Order, error) {
	switch by := photo.Order(v); by {
	case photo.ByUploaded, photo.ByTaken:
		return by, nil
	}
	return "", badQuery("by: %.40q is neither uploaded nor taken", v)
}

func badQuery(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...)}
}
