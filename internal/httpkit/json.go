package httpkit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// ProblemType is the media type of an error body (RFC 9457).
const ProblemType = "application/problem+json"

// WriteJSON answers with v as JSON and status 200. Caches do not keep it unless
// Cache-Control is already set. If v cannot be encoded, it sends nothing.
func WriteJSON(w http.ResponseWriter, v any) error {
	body, err := EncodeJSON(v)
	if err == nil {
		SendJSON(w, body)
	}
	return err
}

// EncodeJSON returns the answer that WriteJSON sends.
func EncodeJSON(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return body, nil
}

// SendJSON sends what EncodeJSON returned, for as long as the client needs.
func SendJSON(w http.ResponseWriter, body []byte) {
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	send(w, http.StatusOK, "application/json", body)
}

// WriteProblem answers with a problem document (RFC 9457), which caches do not keep.
func WriteProblem(w http.ResponseWriter, status int, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	send(w, status, ProblemType, body)
	return nil
}

func send(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has left needs no answer
}
