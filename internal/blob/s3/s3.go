// Package s3 stores blobs in a bucket of Amazon S3, or of a store with the same API:
//
//	<owner>/<key>             blobs, and multipart uploads that become blobs
//	.uploads/<name>/<random>  the bytes of staged uploads that are too few for a part
//
// What S3 cannot be asked, or must not be believed about, is in rows of the metadata store
// (store.StagedRows): which parts of a multipart upload are whole, and how far the digest
// has come. The listings of the bucket are used only to find what nobody needs any more.
//
// A photo that comes in one request with its digest is one PUT that streams (whole.go). Any
// other upload is staged (staged.go): its bytes go through a local temporary file, and from
// there to S3 in parts.
package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"photos/internal/blob"
	"photos/internal/store"
)

// Config says which bucket is used, and how. Region, endpoint and credentials come from
// where AWS's own programs take them: AWS_* variables, ~/.aws, or the role of the machine.
type Config struct {
	Bucket  string
	Setting string // names the bucket's setting in errors

	// PathStyle puts the bucket into the path of addresses instead of the host name.
	PathStyle bool
	// Checksums sends checksums that the store compares and keeps. Some stores refuse them.
	Checksums bool

	Rows store.StagedRows
	// Spool is the folder of temporary files; empty: the system's.
	Spool string

	// The rest replaces what AWS's settings say, unless it is empty.
	Endpoint, Region string
	Credentials      aws.CredentialsProvider
	// HTTP is used for requests; nil: a client that AWS_CA_BUNDLE applies to.
	HTTP aws.HTTPClient

	maxPause time.Duration // between two attempts; 0: usualMaxPause
}

// Store is a blob.Store and a blob.Staging in a bucket.
type Store struct {
	Config
	client  *awss3.Client
	presign *awss3.PresignClient
	sizes   sizes
	lease   time.Duration
}

var (
	_ blob.Store   = (*Store)(nil)
	_ blob.Staging = (*Store)(nil)
)

const (
	maxIdle        = 256
	bufferedSocket = 64 << 10
	lease          = 10 * time.Second
)

// Open finds region and credentials, and checks that the bucket can be used.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	skew, err := s.probe(ctx)
	if err != nil {
		return nil, s.settingError(err)
	}
	if skew.Abs() > maxSkew {
		return nil, s.wrongClock(skew)
	}
	return s, nil
}

func open(ctx context.Context, c Config) (*Store, error) {
	if c.HTTP == nil {
		c.HTTP = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = maxIdle, maxIdle
			t.WriteBufferSize, t.ReadBufferSize = bufferedSocket, bufferedSocket
		})
	}
	loaded, err := config.LoadDefaultConfig(ctx,
		config.WithRegion(c.Region), config.WithCredentialsProvider(c.Credentials), // both may be empty
		config.WithHTTPClient(c.HTTP),
		config.WithRetryer(newRetryer(cmp.Or(c.maxPause, usualMaxPause))),
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	)
	if err != nil {
		return nil, configError(err)
	}
	if loaded.Region == "" {
		return nil, noRegion()
	}
	if err := findCredentials(ctx, loaded); err != nil {
		return nil, err
	}
	client := awss3.NewFromConfig(loaded, func(o *awss3.Options) {
		o.UsePathStyle = c.PathStyle
		o.ContinueHeaderThresholdBytes = -1 // a store that does not know Expect would cost a second per photo
		o.APIOptions = append(o.APIOptions, refuseEmptyAnswers)
		if c.Endpoint != "" {
			o.BaseEndpoint = &c.Endpoint
		}
	})
	return &Store{Config: c, client: client, presign: awss3.NewPresignClient(client), sizes: usualSizes, lease: lease}, nil
}

// probe lists, writes and deletes, as the service does later. It returns how far the store's clock
// is ahead.
func (s *Store) probe(ctx context.Context) (skew time.Duration, err error) {
	soon := func(o *awss3.Options) { o.RetryMaxAttempts = 2 } // what is wrong now is mostly a setting
	list, err := s.client.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: &s.Bucket, MaxKeys: aws.Int32(1)}, soon)
	if err != nil {
		return 0, fmt.Errorf("list: %w", err)
	}
	key := stagedPrefix + "probe"
	if _, err := s.client.PutObject(ctx, &awss3.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: strings.NewReader("")}, soon); err != nil {
		return 0, fmt.Errorf("write: %w", err)
	}
	if _, err := s.client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &s.Bucket, Key: &key}, soon); err != nil {
		return 0, fmt.Errorf("delete: %w", err)
	}
	skew, _ = awsmiddleware.GetAttemptSkew(list.ResultMetadata)
	return skew, nil
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, owner, key string) (blob.Reader, error) {
	size, err := s.Size(ctx, owner, key)
	if err != nil {
		return nil, err
	}
	return &reader{ranges: s.ranges(ctx, objectKey(owner, key), size)}, nil
}

// Size implements blob.Store.
func (s *Store) Size(ctx context.Context, owner, key string) (int64, error) {
	if !isBlobName(owner, key) {
		return 0, noBlob(owner, key)
	}
	head, err := s.head(ctx, objectKey(owner, key))
	if err != nil {
		return 0, fmt.Errorf("size of blob: %w", err)
	}
	return aws.ToInt64(head.ContentLength), nil
}

func (s *Store) head(ctx context.Context, object string) (*awss3.HeadObjectOutput, error) {
	head, err := s.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &s.Bucket, Key: &object})
	return head, failure(err)
}

// Delete implements blob.Store. A blob stays while a staged upload may need its bytes; once
// that is gone, the sweep removes the blob.
func (s *Store) Delete(ctx context.Context, owner, key string) error {
	if !isBlobName(owner, key) {
		return noBlob(owner, key)
	}
	needed, err := s.Rows.StagedWithKey(ctx, key)
	if err != nil || needed {
		return err
	}
	return s.remove(ctx, objectKey(owner, key))
}

func (s *Store) remove(ctx context.Context, object string) error {
	_, err := s.client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: &s.Bucket, Key: &object})
	if err := failure(err); err != nil && !errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// stagedPrefix begins the names of objects that are not blobs. No owner has a dot.
const stagedPrefix = ".uploads/"

func objectKey(owner, key string) string { return owner + "/" + key }

func isBlobName(owner, key string) bool { return isPlainName(owner) && isPlainName(key) }

// isPlainName reports whether a name has only letters, digits and dashes.
func isPlainName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	return name != "" && len(name) <= 128 && strings.Trim(name, letters) == ""
}

func noBlob(owner, key string) error {
	return fmt.Errorf("blob %.40q of owner %.40q: %w", key, owner, blob.ErrNotFound)
}

// drain reads the rest of a body, so that its connection can be used again, and closes it.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, bufferedSocket)
	_ = body.Close()
}
