package httpkit

import (
	"context"
	"errors"
	"net/http"
)

// StatusAbandoned is the status in the log and in the figures of a request whose client left
// before there was an answer. nginx uses the same number. Nobody receives it.
const StatusAbandoned = 499

// Abandoned reports whether a handler failed only because its client left before it had the
// whole answer: a browser that went to another page, for example. That is not a fault of the
// service, and err does not belong in the log. Since nobody reads the answer any more, Abandoned
// also ends it, with StatusAbandoned if no other answer has begun.
func Abandoned(w http.ResponseWriter, r *http.Request, err error) bool {
	response, known := w.(*Response)
	if !(known && response.broken) && !(errors.Is(err, context.Canceled) && errors.Is(r.Context().Err(), context.Canceled)) {
		return false
	}
	if !known || response.status == 0 {
		w.WriteHeader(StatusAbandoned)
	}
	return true
}
