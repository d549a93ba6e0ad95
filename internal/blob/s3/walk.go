package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// rowsAtOnce is how many rows a walk reads at once.
const rowsAtOnce = 500

// EachBlob implements blob.Store. It ignores objects whose names this package does not make.
// The time of an object that came in parts is when the first of them came.
func (s *Store) EachBlob(ctx context.Context, f func(owner, key string, committed time.Time) error) error {
	err := s.eachObject(ctx, "", func(o types.Object) error {
		owner, key, _ := strings.Cut(aws.ToString(o.Key), "/")
		if isOwner(owner) && isPlainName(key) {
			return f(owner, key, aws.ToTime(o.LastModified))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("walk blobs: %w", err)
	}
	return nil
}

// isOwner reports whether a name is a UUID, as those of owners are.
func isOwner(name string) bool { return uuid.Validate(name) == nil }

func (s *Store) eachObject(ctx context.Context, prefix string, f func(types.Object) error) error {
	pages := awss3.NewListObjectsV2Paginator(s.client, &awss3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failure(err)
		}
		for _, o := range page.Contents {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) eachMultipart(ctx context.Context, prefix string, f func(types.MultipartUpload) error) error {
	pages := awss3.NewListMultipartUploadsPaginator(s.client, &awss3.ListMultipartUploadsInput{Bucket: &s.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if codeOf(err) == noSuchUpload { // some stores say so when there are none
			return nil
		}
		if err != nil {
			return failure(err)
		}
		for _, u := range page.Uploads {
			if err := f(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// EachStaged implements blob.Staging. After the rows it reports what the bucket has without
// a row: a database from an older backup does not know it.
func (s *Store) EachStaged(ctx context.Context, f func(name string, modified time.Time) error) error {
	seen := map[string]bool{}
	report := func(name string, modified time.Time) error {
		if seen[name] || !isPlainName(name) {
			return nil
		}
		seen[name] = true
		_, err := s.Rows.Staged(ctx, name)
		if photo.KindOf(err) != photo.KindNotFound || err == nil {
			return err
		}
		return f(name, modified)
	}
	err := s.eachRow(ctx, f)
	if err == nil {
		err = s.eachObject(ctx, stagedPrefix, func(o types.Object) error {
			name, _, ok := strings.Cut(strings.TrimPrefix(aws.ToString(o.Key), stagedPrefix), "/")
			if !ok {
				return nil
			}
			return report(name, aws.ToTime(o.LastModified))
		})
	}
	if err == nil {
		err = s.eachMultipart(ctx, "", func(u types.MultipartUpload) error {
			return report(stagedName(aws.ToString(u.Key)), aws.ToTime(u.Initiated))
		})
	}
	if err != nil {
		return fmt.Errorf("walk uploads: %w", err)
	}
	return nil
}

func (s *Store) eachRow(ctx context.Context, f func(name string, modified time.Time) error) error {
	for after := ""; ; {
		rows, err := s.Rows.StagedAfter(ctx, after, rowsAtOnce)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := f(row.Name, row.Modified); err != nil {
				return err
			}
			after = row.Name
		}
		if len(rows) < rowsAtOnce {
			return ctx.Err()
		}
	}
}

// randomLength is the length of what rand.Text returns.
const randomLength = 26

// stagedName returns the name of the staged upload that a multipart upload is of, or "".
func stagedName(object string) string {
	_, key, _ := strings.Cut(object, "/")
	at := len(key) - randomLength - 1
	if at <= 0 || key[at] != '-' || strings.Trim(key[at+1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return ""
	}
	return key[:at]
}

// Discard implements blob.Staging. The row goes last, so that whatever is left over after an
// error is found again.
func (s *Store) Discard(ctx context.Context, name string) error {
	if !isPlainName(name) {
		return nil
	}
	row, err := s.Rows.EndStaged(ctx, name)
	if photo.KindOf(err) == photo.KindNotFound && err != nil {
		return s.discardUnknown(ctx, name)
	}
	if err == nil {
		err = s.discardBytes(ctx, row)
	}
	if err == nil {
		err = s.Rows.DeleteStaged(ctx, name)
	}
	if err != nil {
		return fmt.Errorf("discard upload: %w", err)
	}
	return nil
}

// discardBytes removes what a staged upload has in the bucket. A key that was given to the
// caller is the caller's.
func (s *Store) discardBytes(ctx context.Context, row store.Staged) error {
	object := objectKey(row.Owner, row.Key)
	if row.Tails {
		if err := s.removeTails(ctx, row.Name); err != nil {
			return err
		}
	}
	if row.Key == "" || row.State == store.StagedCommitted {
		return nil
	}
	if row.Multipart == "" {
		if err := s.abortAll(ctx, object, row.Name); err != nil {
			return err
		}
	} else if err := s.abort(ctx, object, row.Multipart); err != nil {
		return err
	}
	return s.remove(ctx, object)
}

// discardUnknown removes what the bucket has of a staged upload without a row.
func (s *Store) discardUnknown(ctx context.Context, name string) error {
	if err := s.removeTails(ctx, name); err != nil {
		return fmt.Errorf("discard upload: %w", err)
	}
	if err := s.abortAll(ctx, "", name); err != nil {
		return fmt.Errorf("discard upload: %w", err)
	}
	return nil
}

func (s *Store) removeTails(ctx context.Context, name string) error {
	return s.eachObject(ctx, stagedPrefix+name+"/", func(o types.Object) error { return s.remove(ctx, aws.ToString(o.Key)) })
}

// abortAll aborts the multipart uploads of a staged upload.
func (s *Store) abortAll(ctx context.Context, prefix, name string) error {
	return s.eachMultipart(ctx, prefix, func(u types.MultipartUpload) error {
		if stagedName(aws.ToString(u.Key)) != name {
			return nil
		}
		return s.abort(ctx, aws.ToString(u.Key), aws.ToString(u.UploadId))
	})
}

func (s *Store) abort(ctx context.Context, object, id string) error {
	_, err := s.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &s.Bucket, Key: &object, UploadId: &id})
	if err := failure(err); err != nil && !errors.Is(err, blob.ErrNotFound) {
		return fmt.Errorf("abort multipart upload: %w", err)
	}
	return nil
}
