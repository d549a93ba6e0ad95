package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"photos/internal/blob"
	"photos/internal/photo"
)

// noSuchUpload is what S3 says of a multipart upload that was completed or aborted.
const noSuchUpload = "NoSuchUpload"

// failure adds to an error of S3 what it means to callers: blob.ErrNotFound, blob.ErrFull,
// blob.ErrReadOnly, or that S3 cannot do it now (photo.KindUnavailable).
func failure(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	switch codeOf(err) {
	case "NoSuchKey", "NotFound", noSuchUpload: // the answer to HEAD has only its status, which the SDK calls NotFound
		return fmt.Errorf("%w: %w", blob.ErrNotFound, err)
	case "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "MethodNotAllowed":
		return fmt.Errorf("%w: %w", blob.ErrReadOnly, err)
	case "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull":
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	switch statusOf(err) {
	case http.StatusForbidden:
		return fmt.Errorf("%w: %w", blob.ErrReadOnly, err)
	case http.StatusInsufficientStorage:
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return away(err)
}

// away says that S3 could not do what it was asked.
func away(err error) error {
	return &photo.Error{Kind: photo.KindUnavailable, Msg: "the service's photo storage does not answer as it should", Hint: "try again", Err: err}
}

func codeOf(err error) string {
	var known smithy.APIError
	if errors.As(err, &known) {
		return known.ErrorCode()
	}
	return ""
}

func statusOf(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}
