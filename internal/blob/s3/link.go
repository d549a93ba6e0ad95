package s3

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

// linkLifetime is how long a client has to begin a download.
const linkLifetime = 15 * time.Minute

// Link returns an address at which whoever has it can read a blob for a while. The answer has
// the media type and the disposition that are given here: they are signed.
func (s *Store) Link(ctx context.Context, owner, key, mediaType, disposition string) (string, error) {
	if !isBlobName(owner, key) {
		return "", noBlob(owner, key)
	}
	return s.sign(ctx, objectKey(owner, key), mediaType, disposition)
}

// Origin returns an address whose origin is that of all addresses that Link returns.
func (s *Store) Origin(ctx context.Context) (*url.URL, error) {
	address, err := s.sign(ctx, "any", "", "")
	if err != nil {
		return nil, err
	}
	return url.Parse(address)
}

func (s *Store) sign(ctx context.Context, object, mediaType, disposition string) (string, error) {
	signed, err := s.presign.PresignGetObject(ctx, &awss3.GetObjectInput{
		Bucket: &s.Bucket, Key: &object,
		ResponseContentType: &mediaType, ResponseContentDisposition: &disposition, ResponseCacheControl: aws.String("private, no-cache"),
	}, awss3.WithPresignExpires(linkLifetime))
	if err != nil {
		return "", fmt.Errorf("sign the address of a blob: %w", err)
	}
	return signed.URL, nil
}
