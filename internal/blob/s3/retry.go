package s3

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

const (
	maxAttempts   = 5 // of requests that can be repeated
	usualMaxPause = 5 * time.Second
)

// newRetryer repeats a request a few times, with growing pauses. It has no budget for all
// requests together: a store that is slow for a while would use it up, and then the first
// error of each request would be its last.
func newRetryer(maxPause time.Duration) func() aws.Retryer {
	return func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = maxAttempts, maxPause, ratelimit.None
			o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(isIncomplete))
		})
	}
}

// errEmptyAnswer means that a store has answered 200 and then failed.
var errEmptyAnswer = errors.New("the answer has no ETag")

// isIncomplete reports whether an answer broke off, which the SDK does not repeat on its own.
func isIncomplete(err error) aws.Ternary {
	if errors.Is(err, errEmptyAnswer) || errors.Is(err, io.ErrUnexpectedEOF) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// refuseEmptyAnswers makes an error of an answer that does not say what was stored.
func refuseEmptyAnswers(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("photosEmptyAnswer", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if err == nil && lacksETag(out.Result) {
			err = errEmptyAnswer
		}
		return out, metadata, err
	}), middleware.Before)
}

func lacksETag(result any) bool {
	var tag *string
	switch r := result.(type) {
	case *awss3.PutObjectOutput:
		tag = r.ETag
	case *awss3.UploadPartOutput:
		tag = r.ETag
	case *awss3.CompleteMultipartUploadOutput:
		tag = r.ETag
	case *awss3.CreateMultipartUploadOutput:
		tag = r.UploadId
	case *awss3.CopyObjectOutput:
		return r.CopyObjectResult == nil || r.CopyObjectResult.ETag == nil
	case *awss3.UploadPartCopyOutput:
		return r.CopyPartResult == nil || r.CopyPartResult.ETag == nil
	default:
		return false
	}
	return aws.ToString(tag) == ""
}
