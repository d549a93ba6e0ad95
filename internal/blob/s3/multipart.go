package s3

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"photos/internal/photo"
	"photos/internal/store"
)

// partChecksum is cheap to compute, and the store compares each part with it.
const partChecksum = types.ChecksumAlgorithmCrc32c

func (s *Store) createMultipart(ctx context.Context, row store.Staged) (string, error) {
	object := objectKey(row.Owner, row.Key)
	in := &awss3.CreateMultipartUploadInput{Bucket: &s.Bucket, Key: &object}
	if s.Checksums {
		in.ChecksumAlgorithm = partChecksum
	}
	out, err := s.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create multipart upload: %w", failure(err))
	}
	return *out.UploadId, nil
}

// uploadPart sends the part whose number was claimed last.
func (s *Store) uploadPart(ctx context.Context, row store.Staged, body *io.SectionReader) (store.StagedPart, error) {
	object, size := objectKey(row.Owner, row.Key), body.Size()
	in := &awss3.UploadPartInput{Bucket: &s.Bucket, Key: &object, UploadId: &row.Multipart, PartNumber: &row.Claimed, Body: body, ContentLength: &size}
	if s.Checksums {
		in.ChecksumAlgorithm = partChecksum
	}
	out, err := s.client.UploadPart(ctx, in)
	if err != nil {
		return store.StagedPart{}, fmt.Errorf("upload part: %w", failure(err))
	}
	return store.StagedPart{Number: row.Claimed, ETag: *out.ETag, Checksum: aws.ToString(out.ChecksumCRC32C), Size: size}, nil
}

// completeMultipart puts the parts of the row together. It never asks S3 which there are.
func (s *Store) completeMultipart(ctx context.Context, row store.Staged) error {
	object := objectKey(row.Owner, row.Key)
	parts := make([]types.CompletedPart, len(row.Parts))
	for i := range row.Parts {
		p := &row.Parts[i]
		parts[i] = types.CompletedPart{PartNumber: &p.Number, ETag: &p.ETag}
		if p.Checksum != "" {
			parts[i].ChecksumCRC32C = &p.Checksum
		}
	}
	_, err := s.client.CompleteMultipartUpload(ctx, &awss3.CompleteMultipartUploadInput{
		Bucket: &s.Bucket, Key: &object, UploadId: &row.Multipart, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		return fmt.Errorf("complete multipart upload: %w", failure(err))
	}
	return nil
}

// copyBlob copies the blob of a row to another key of the owner, inside S3.
func (s *Store) copyBlob(ctx context.Context, row store.Staged, key string) error {
	from := url.PathEscape(s.Bucket) + "/" + objectKey(row.Owner, row.Key)
	if row.Size <= s.sizes.copy {
		to := objectKey(row.Owner, key)
		_, err := s.client.CopyObject(ctx, &awss3.CopyObjectInput{Bucket: &s.Bucket, Key: &to, CopySource: &from})
		if err != nil {
			return fmt.Errorf("copy blob: %w", failure(err))
		}
		return nil
	}
	to := store.Staged{Owner: row.Owner, Key: key}
	var err error
	if to.Multipart, err = s.createMultipart(ctx, to); err != nil {
		return err
	}
	for at := int64(0); at < row.Size && err == nil; at += s.sizes.copy {
		to.Claimed++
		var part store.StagedPart
		part, err = s.copyPart(ctx, from, to, at, min(s.sizes.copy, row.Size-at))
		to.Parts = append(to.Parts, part)
	}
	if err == nil {
		err = s.completeMultipart(ctx, to)
	}
	if err != nil {
		return errors.Join(err, s.abort(ctx, objectKey(to.Owner, to.Key), to.Multipart))
	}
	return nil
}

func (s *Store) copyPart(ctx context.Context, from string, to store.Staged, at, size int64) (store.StagedPart, error) {
	object, part := objectKey(to.Owner, to.Key), fmt.Sprintf("bytes=%d-%d", at, at+size-1)
	out, err := s.client.UploadPartCopy(ctx, &awss3.UploadPartCopyInput{
		Bucket: &s.Bucket, Key: &object, UploadId: &to.Multipart, PartNumber: &to.Claimed, CopySource: &from, CopySourceRange: &part,
	})
	if err != nil {
		return store.StagedPart{}, fmt.Errorf("copy part: %w", failure(err))
	}
	return store.StagedPart{Number: to.Claimed, ETag: aws.ToString(out.CopyPartResult.ETag), Checksum: aws.ToString(out.CopyPartResult.ChecksumCRC32C), Size: size}, nil
}

// digest reads an object and returns the SHA-256 of its bytes.
func (s *Store) digest(ctx context.Context, object string, size int64) (photo.ID, error) {
	body := &stream{ranges: s.ranges(ctx, object, size), end: size}
	defer func() { _ = body.Close() }()
	sum := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, body, make([]byte, blockSize)); err != nil {
		return photo.ID{}, err
	}
	return photo.ID(sum.Sum(nil)), nil
}
