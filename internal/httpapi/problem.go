package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// statusError gives an error a status other than that of its kind.
type statusError struct {
	status int
	error
}

func (e *statusError) Unwrap() error { return e.error }

func withStatus(status int, err error) error { return &statusError{status, err} }

// defaultRetry is how long a client should wait when the service is unavailable.
const defaultRetry = 2 * time.Second

// problems answers errors.
type problems struct{ log *slog.Logger }

// write answers err as a problem document (RFC 9457). What an error wraps is for the log
// only. Of an error without a kind the client learns nothing but the ID of the request.
func (h problems) write(w http.ResponseWriter, r *http.Request, err error) {
	if httpkit.Abandoned(w, r, err) {
		return
	}
	p := problemOf(err)
	p.RequestID = w.Header().Get(api.HeaderRequestID)
	retry, busy := retryAfter(err)
	if p.Status >= http.StatusInternalServerError && !busy { // that the service is busy is not a fault
		h.log.ErrorContext(r.Context(), "request failed", "request_id", p.RequestID, "method", r.Method, "path", httpkit.LoggedPath(w, r), "err", err)
	}
	if retry == 0 && p.Status == http.StatusServiceUnavailable {
		retry = defaultRetry
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
	}
	if err := httpkit.WriteProblem(w, p.Status, p); err != nil {
		panic(err) // it has only strings and numbers
	}
}

// retryAfter returns how long to wait until the service or the upload may be free.
func retryAfter(err error) (wait time.Duration, busy bool) {
	var full *service.BusyError
	var leased *service.LeasedError
	switch {
	case errors.As(err, &full):
		return full.RetryAfter, true
	case errors.As(err, &leased):
		return leased.RetryAfter, true
	}
	return 0, false
}

// problemOf returns err as it goes over the wire, without the ID of the request.
func problemOf(err error) api.Problem {
	known := service.UserError(err)
	p := api.Problem{Status: status(err, known.Kind), Detail: known.Msg, Kind: known.Kind, Hint: photo.HintOf(known)}
	if p.Title = http.StatusText(p.Status); p.Title == "" {
		p.Title = "Checksum Mismatch" // 460, a status of tus
	}
	if p.Status == http.StatusInternalServerError {
		p.Kind, p.Detail, p.Hint = photo.KindInternal, "internal error", "the log of the service has more about this request"
	}
	return p
}

// status returns the HTTP status of an error: mostly that of its kind.
func status(err error, kind photo.Kind) int {
	var other *statusError
	var full *service.BusyError
	var leased *service.LeasedError
	switch {
	case errors.As(err, &other):
		return other.status
	case errors.As(err, &full) && full.Share:
		return http.StatusTooManyRequests
	case errors.As(err, &leased):
		return http.StatusLocked
	case errors.Is(err, service.ErrChecksum):
		return statusChecksumMismatch
	}
	return api.Status(kind)
}
