package httpapi

import "photos/internal/photo"

// Routes lists what a server answers, as "PATTERN METHOD".
func Routes(s *Server) []string {
	var out []string
	for pattern, m := range s.routes() {
		for method := range m {
			out = append(out, pattern+" "+method)
		}
	}
	return out
}

// ParseListQuery is the parser of GET /v1/photos.
func ParseListQuery(raw string) (f photo.Filter, limit int, err error) {
	q, err := parseListQuery(raw)
	return q.filter, q.limit, err
}

// ContentDisposition is how a photo's name goes out.
var ContentDisposition = contentDisposition

// ParseChecksum is the parser of Upload-Checksum.
func ParseChecksum(header string) (size int, want []byte, err error) {
	sum, want, err := parseChecksum(header)
	if err != nil {
		return 0, nil, err
	}
	return sum.Size(), want, nil
}

// SearchSeats returns how many searches s serves at a time, and how many of one owner.
func (s *Server) SearchSeats() (total, share int) { return s.searches.total, s.searches.share }
