package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

const (
	// maxItem is how many bytes one item of a request takes on average at most: a description
	// of the longest kind, with room for escapes.
	maxItem = 8 << 10
	// bodyTime is how long a whole JSON body may take, however steadily it comes.
	bodyTime = 2 * time.Minute
)

// readJSON reads a request's body, whose longest list has up to items elements, into v. Unknown
// members are refused: a typing error must not look like a success.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, items int, v any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return withStatus(http.StatusUnsupportedMediaType, &photo.Error{Kind: photo.KindUsage, Msg: "the body must be JSON", Hint: "Content-Type: application/json"})
	}
	in := s.incoming(w, r)
	defer in.leave()
	body, err := api.ListBounds(items, maxItem).Read(&timedReader{in, time.Now().Add(bodyTime)}, r.ContentLength)
	if err != nil {
		return bodyError(err)
	}
	return decodeJSON(body, v)
}

// timedReader ends a body that goes on for too long.
type timedReader struct {
	io.Reader
	until time.Time
}

func (r *timedReader) Read(p []byte) (int, error) {
	if time.Now().After(r.until) {
		return 0, os.ErrDeadlineExceeded
	}
	return r.Reader.Read(p)
}

func decodeJSON(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil && dec.More() {
		err = errors.New("more than one value")
	}
	var known *photo.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the body is not what was expected: %v", err)}
}

// bodyError is the error of a body that could not be read.
func bodyError(err error) error {
	if photo.KindOf(err) == photo.KindTooLarge {
		return err
	}
	return cut(err)
}

// writeJSON answers v, whole or not at all.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	_, _ = w.Write(body) // who went away needs no answer
	return nil
}
