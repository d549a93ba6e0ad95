package api

import (
	"net/http"

	"photos/internal/httpkit"
	"photos/internal/photo"
)

// ProblemType is the media type of an error body (RFC 9457).
const ProblemType = httpkit.ProblemType

// Problem is an error on the wire (RFC 9457). Kind, Hint and RequestID are additions of this API.
type Problem struct {
	Type      string     `json:"type,omitempty"` // always about:blank, and therefore left out
	Title     string     `json:"title"`
	Status    int        `json:"status"`
	Detail    string     `json:"detail,omitempty"`
	Kind      photo.Kind `json:"kind"`
	Hint      string     `json:"hint,omitempty"`
	RequestID string     `json:"request_id,omitempty"`
}

// statuses maps kinds to HTTP statuses. Kinds that occur only on the client's machine have no
// row. Of several kinds with the same status, the first is the meaning of the status alone.
var statuses = []struct {
	kind   photo.Kind
	status int
}{
	{photo.KindUsage, http.StatusBadRequest},
	{photo.KindNotSignedIn, http.StatusUnauthorized},
	{photo.KindForbidden, http.StatusForbidden},
	{photo.KindNotFound, http.StatusNotFound},
	{photo.KindNoRendition, http.StatusNotFound},
	{photo.KindGone, http.StatusGone},
	{photo.KindConflict, http.StatusConflict},
	{photo.KindChanged, http.StatusPreconditionFailed},
	{photo.KindTooLarge, http.StatusRequestEntityTooLarge},
	{photo.KindNotPicture, http.StatusUnsupportedMediaType},
	{photo.KindDigestMismatch, http.StatusUnprocessableEntity},
	{photo.KindSearchTimeout, http.StatusUnprocessableEntity}, // neither 408 nor 504: clients and proxies repeat those requests
	{photo.KindQuota, http.StatusPaymentRequired},
	{photo.KindStorageFull, http.StatusInsufficientStorage},
	{photo.KindUnavailable, http.StatusServiceUnavailable},
	{photo.KindInternal, http.StatusInternalServerError},
}

// Status returns the HTTP status of a kind, and 500 for a kind that has none.
func Status(k photo.Kind) int {
	for _, row := range statuses {
		if row.kind == k {
			return row.status
		}
	}
	return http.StatusInternalServerError
}

// KindOfStatus returns the kind that a status alone means. It is for answers without a problem
// document, for example those of a proxy.
func KindOfStatus(status int) photo.Kind {
	for _, row := range statuses {
		if row.status == status {
			return row.kind
		}
	}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusLocked, status > 500:
		return photo.KindUnavailable
	case status >= 400 && status < 500:
		return photo.KindUsage
	}
	return photo.KindInternal
}
