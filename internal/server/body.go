package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"photos/internal/photo"
)

// maxJSON bounds a request's JSON: photo.MaxDescribe descriptions of the longest
// kind, with room for escapes.
const maxJSON = 8 << 20

// readJSON reads a request's body into v. Unknown members are refused: a typing
// error must not look like a success.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return withStatus(http.StatusUnsupportedMediaType, &photo.Error{Kind: photo.KindUsage, Msg: "the body must be JSON", Hint: "Content-Type: application/json"})
	}
	control := http.NewResponseController(w)
	in := newIncoming(http.MaxBytesReader(w, r.Body, maxJSON), control, s.Limits.Stall)
	body, err := io.ReadAll(in)
	if err != nil {
		return bodyError(err)
	}
	return decodeJSON(body, v)
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
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &photo.Error{Kind: photo.KindTooLarge, Msg: fmt.Sprintf("the body is larger than %d bytes", large.Limit), Err: err}
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
