package service

import (
	"context"
	"errors"

	"photos/internal/blob"
	"photos/internal/photo"
)

// UserError returns what the user may know of err. What err wraps is for the log only: an
// error without a kind becomes one of photo.KindInternal without a message.
func UserError(err error) *photo.Error {
	var known *photo.Error
	switch {
	case errors.Is(err, blob.ErrFull), photo.KindOf(err) == photo.KindStorageFull: // of photos or of the database
		return &photo.Error{Kind: photo.KindStorageFull, Msg: "the service's disk is full", Hint: "try again after its operator has freed space"}
	case errors.Is(err, blob.ErrReadOnly):
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the service cannot write its files", Hint: "the service's log tells its operator why"}
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the request was not finished in time", Hint: "try again"}
	}
	return &photo.Error{Kind: photo.KindInternal}
}
