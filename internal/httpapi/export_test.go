package httpapi

import (
	"net/url"

	"photos/internal/photo"
)

// Routes lists what a server answers, as "PATTERN METHOD".
func Routes(c Config) ([]string, error) {
	r := newRouter(c, &url.URL{}, nil, nil)
	var out []string
	for pattern, m := range r.routes() {
		for method := range m {
			out = append(out, pattern+" "+method)
		}
	}
	return out, nil
}

// ParseListQuery is the parser of the query of GET /v1/photos.
func ParseListQuery(raw string) (f photo.Filter, limit int, err error) {
	q, err := parseListQuery(raw)
	return q.filter, q.limit, err
}

// ContentDisposition is the header with the name of a photo.
var ContentDisposition = contentDisposition

// ParseChecksum is the parser of Upload-Checksum.
func ParseChecksum(header string) (size int, want []byte, err error) {
	sum, want, err := parseChecksum(header)
	if err != nil {
		return 0, nil, err
	}
	return sum.Size(), want, nil
}
