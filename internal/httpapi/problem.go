package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
)

// statusError gives an error another status than its kind's.
type statusError struct {
	status int
	error
}

func (e *statusError) Unwrap() error { return e.error }

func withStatus(status int, err error) error { return &statusError{status, err} }

// retryError says when to come back.
type retryError struct {
	after time.Duration
	error
}

func (e *retryError) Unwrap() error { return e.error }

// defaultRetry is how long a client should wait that cannot be served now.
const defaultRetry = 2 * time.Second

// fail answers err as a problem document (RFC 9457). What an error wraps is for
// the log only, and an error that is not ours shows nothing but the request's id.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.RequestID = w.Header().Get(api.HeaderRequestID)
	var retry *retryError
	if p.Status >= http.StatusInternalServerError && !errors.As(err, &retry) { // that the service is busy is no fault
		s.Log.ErrorContext(r.Context(), "request failed", "request_id", p.RequestID, "method", r.Method, "path", r.URL.Path, "err", err)
	}
	switch {
	case errors.As(err, &retry):
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.after.Seconds())))
	case p.Status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(defaultRetry.Seconds())))
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", api.ProblemType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if _, err := w.Write(body); err != nil {
		s.Log.DebugContext(r.Context(), "answer not delivered", "request_id", p.RequestID, "err", err)
	}
}

// problemOf puts err on the wire, without a request id.
func problemOf(err error) api.Problem {
	known := kinded(err)
	p := api.Problem{Status: api.Status(known.Kind), Detail: known.Msg, Kind: known.Kind, Hint: photo.HintOf(known)}
	var other *statusError
	if errors.As(err, &other) {
		p.Status = other.status
	}
	if p.Title = http.StatusText(p.Status); p.Title == "" {
		p.Title = "Checksum Mismatch" // 460, which tus made up
	}
	if p.Status == http.StatusInternalServerError {
		p.Kind, p.Detail, p.Hint = photo.KindInternal, "internal error", "the service's log tells more about this request"
	}
	return p
}

// kinded is err as one of ours.
func kinded(err error) *photo.Error {
	var known *photo.Error
	switch {
	case errors.Is(err, blob.ErrFull), photo.KindOf(err) == photo.KindStorageFull: // of photos or of the database
		return &photo.Error{Kind: photo.KindStorageFull, Msg: "the service's disk is full", Hint: "try again when its operator has made room"}
	case errors.Is(err, blob.ErrReadOnly):
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the service cannot write its files", Hint: "its operator finds the cause in its log"}
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the request was not finished in time", Hint: "try again"}
	}
	return &photo.Error{Kind: photo.KindInternal}
}
